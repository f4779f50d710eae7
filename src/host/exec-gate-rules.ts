/** What the exec gate decides, without the machine: the tables handed to its thread, and the answer to one question. */

/**
 * When a program may run.
 * - always: whoever asks.
 * - boot: as process 1, put there by the OCI runtime.
 * - start: by what runs at boot or start alone, so that the shell of a start script is nobody else's.
 * - session: by the OCI runtime, as the dock's own command in the ISC (a health check).
 */
export type Occasion = "always" | "boot" | "start" | "session";

export interface GateFile {
  readonly path: string;
  readonly inode: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** None: it may not run. */
  readonly occasions: readonly Occasion[];
}

/** Every program of an image: the regular files with a bit for execution. */
export interface GateImage {
  readonly digest: string;
  /** st_dev of its mount. */
  readonly device: number;
  readonly programs: readonly GateFile[];
  /** Inodes of the dynamic loaders that the programs name. */
  readonly loaders: readonly number[];
  /** Paths of programs that a loader could run, and may not: not always allowed, and no libraries, which every start opens. */
  readonly held: readonly string[];
}

/** An ISC is known by the uids of its processes. */
export interface GateIsc {
  readonly name: string;
  readonly uidBase: number;
  readonly uidCount: number;
  /** Reading its memory cannot make anybody wait: it has no userfaultfd(2). */
  readonly isReadable: boolean;
}

/**
 * foreign: it does not lie on the sealed image · unlisted: the image's list has no such program · changed: its content is not what was
 * recorded · not-named: `rights.execute` leaves it out · not-now: it is for the start or the dock alone · loaded: a loader, run as a
 * program, opened one that may not run
 */
export type DenialReason = "foreign" | "unlisted" | "changed" | "not-named" | "not-now" | "loaded";

export interface KnownImage extends Pick<GateImage, "digest" | "device"> {
  readonly programs: ReadonlyMap<number, GateFile>;
  readonly loaders: ReadonlySet<number>;
}

export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

export interface Asked {
  readonly kind: "execute" | "open";
  /** Undefined when the file lies on no image. */
  readonly image: KnownImage | undefined;
  readonly inode: number;
  /** The program that the asking process is now, before it becomes another. */
  readonly caller: FileIdentity | undefined;
  /** It is process 1 of its pid namespace. */
  readonly isFirst: boolean;
}

export type Decision =
  /** `remember`: nobody need ask again. */
  { readonly allow: true; readonly remember: boolean; readonly file?: GateFile } | { readonly allow: false; readonly reason: DenialReason };

export function indexImage({ digest, device, programs, loaders }: GateImage): KnownImage {
  return { digest, device, programs: new Map(programs.map((file) => [file.inode, file])), loaders: new Set(loaders) };
}

/** Of a process of an ISC. The content of an allowed file is still to be compared. */
export function decide(asked: Asked): Decision {
  return asked.kind === "open" ? decideOpening(asked) : decideExecution(asked);
}

function decideExecution(asked: Asked): Decision {
  if (!asked.image) return { allow: false, reason: "foreign" };
  const file = asked.image.programs.get(asked.inode);
  if (!file) return { allow: false, reason: "unlisted" };
  if (file.occasions.includes("always")) return { allow: true, remember: true, file };
  if (file.occasions.length === 0) return { allow: false, reason: "not-named" };
  return isOccasion(file, asked, asked.image) ? { allow: true, remember: false, file } : { allow: false, reason: "not-now" };
}

function isOccasion({ occasions }: GateFile, { caller, isFirst }: Asked, image: KnownImage): boolean {
  // Nothing in an ISC runs from elsewhere than its image: this is the OCI runtime, about to become the program.
  const isRuntime = caller !== undefined && caller.device !== image.device;
  if (isRuntime) return occasions.includes(isFirst ? "boot" : "session");
  if (!occasions.includes("start") || caller === undefined) return false;
  const by = image.programs.get(caller.inode)?.occasions ?? [];
  return by.includes("boot") || by.includes("start");
}

/** Only held programs are asked about. Reading them is free, but for a loader that was started to load one. */
function decideOpening({ image, inode, caller }: Asked): Decision {
  const isLoader = image !== undefined && caller?.device === image.device && image.loaders.has(caller.inode);
  return isLoader && image.programs.has(inode) ? { allow: false, reason: "loaded" } : { allow: true, remember: false };
}
