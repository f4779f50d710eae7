/** A blueprint after parsing: every default filled in, sizes in bytes, times in milliseconds, CPU in percent of one core. */
import { z } from "zod";
import { Name } from "./name.ts";
import { NetworkPolicy, PortNumber } from "./network.ts";
import { ResponseDeclaration } from "./respond.ts";

/** An absolute, normalised path inside the image: no `..`, no empty or `.` segment, no NUL. */
export const ImagePath = z
  .string()
  .regex(/^\/(?:(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*\/?)?$/, "must be an absolute path without . or ..");

export const Source = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("debian"), suite: z.string(), packages: z.array(z.string()).readonly() }),
  /** `reference` as skopeo takes it: docker://…, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE. Local paths are absolute after parsing. */
  z.strictObject({ kind: z.literal("oci"), reference: z.string() }),
  z.strictObject({ kind: z.literal("directory"), path: z.string() }),
]);
export type Source = z.infer<typeof Source>;

/** What a blueprint says about one service. Whatever is absent comes from the package's systemd unit or the OCI image's configuration. */
export const ServiceOverride = z.strictObject({
  unit: z.string().optional(),
  command: z.array(z.string()).min(1).readonly().optional(),
  /** Commands run to completion, in order, before `command`. */
  prepare: z.array(z.array(z.string()).min(1).readonly()).readonly().optional(),
  user: z.string().optional(),
  group: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  workingDirectory: ImagePath.optional(),
  /** More places on scratch, owned by the service's user. */
  writable: z.array(ImagePath).readonly().optional(),
  stopSignal: z.string().optional(),
  stopTimeoutMs: z.number().int().positive().optional(),
});
export type ServiceOverride = z.infer<typeof ServiceOverride>;

/** A file, directory or literal text laid over the root before it is sealed. `source` is absolute after parsing. */
export const FileOverlay = z.strictObject({
  target: ImagePath,
  source: z.string().optional(),
  content: z.string().optional(),
  mode: z.number().int().optional(),
  owner: z.string().optional(),
});
export type FileOverlay = z.infer<typeof FileOverlay>;

/** `shared`: two instances may use it at the same time, as a cleanse wants it for a moment. */
const VolumeDeclaration = z.strictObject({ at: ImagePath, sizeBytes: z.number().int().positive(), shared: z.boolean().optional() });

export const Limits = z.strictObject({
  memoryBytes: z.number().int().positive(),
  /** Percent of one core: 50 is half a core, 200 two cores. */
  cpuPercent: z.number().positive(),
  processes: z.number().int().positive(),
  openFiles: z.number().int().positive(),
});
export type Limits = z.infer<typeof Limits>;

export const WriteProfile = z.enum(["strict", "fixed", "flexible"]);
export type WriteProfile = z.infer<typeof WriteProfile>;

export const Rights = z.strictObject({
  /** As in `CAP_NET_ADMIN`. */
  capabilities: z.array(z.string()).readonly(),
  /** System calls allowed beyond the default profile. */
  syscalls: z.array(z.string()).readonly(),
  writableCode: z.boolean(),
  /** Which programs may run. Absent means `image`: every one of it. A list names those that may run beside what the services need. */
  execute: z.union([z.enum(["image", "services"]), z.array(ImagePath).readonly()]).optional(),
});
export type Rights = z.infer<typeof Rights>;

const probeTiming = { everyMs: z.number().int().positive(), timeoutMs: z.number().int().positive(), failures: z.number().int().positive() };
export const Health = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("http"), port: PortNumber, path: z.string(), ...probeTiming }),
  z.strictObject({ kind: z.literal("tcp"), port: PortNumber, ...probeTiming }),
  z.strictObject({ kind: z.literal("command"), command: z.array(z.string()).min(1).readonly(), ...probeTiming }),
]);
export type Health = z.infer<typeof Health>;

/** Replace the running instance by a fresh one, this often; the old one's open connections get `drainMs` to end. */
export const CleanseRule = z.strictObject({ everyMs: z.number().int().positive(), drainMs: z.number().int().min(0) });
export type CleanseRule = z.infer<typeof CleanseRule>;

export const Containment = z.enum(["container", "gvisor", "vm"]);
export type Containment = z.infer<typeof Containment>;

/** The part of a blueprint that says how an ISC runs. It is sealed into the image's manifest and signed with it. */
export const Posture = z.strictObject({
  network: NetworkPolicy,
  limits: Limits,
  scratchBytes: z.number().int().positive(),
  volumes: z.record(Name, VolumeDeclaration),
  writes: WriteProfile,
  rights: Rights,
  health: Health.optional(),
  cleanse: CleanseRule.optional(),
  respond: ResponseDeclaration.optional(),
  containment: Containment,
});
export type Posture = z.infer<typeof Posture>;

export const Blueprint = z.strictObject({
  isc: z.literal(1),
  name: Name,
  from: Source,
  slim: z.boolean(),
  services: z.record(Name, ServiceOverride),
  files: z.array(FileOverlay).readonly(),
  /** Image paths taken out before sealing; a missing one is an error. */
  remove: z.array(ImagePath).readonly(),
  posture: Posture,
});
export type Blueprint = z.infer<typeof Blueprint>;
