/** A sealed image: what its manifest says, and how its files are recorded. */
import { z } from "zod";
import { ImagePath, Posture, Source } from "./blueprint.ts";
import { Digest } from "./digest.ts";
import { Name } from "./name.ts";

const Id = z.number().int().min(0).max(65_535);
const Mode = z.number().int().min(0).max(0o7777);

const runsAs = {
  uid: Id,
  gid: Id,
  groups: z.array(Id).readonly(),
  environment: z.record(z.string(), z.string()),
  workingDirectory: ImagePath,
  stopSignal: z.string(),
  stopTimeoutMs: z.number().int().positive(),
};

/** One program an ISC runs, ready to be put into an OCI process: users are numbers, nothing is left to look up. */
export const Service = z.strictObject({
  name: Name,
  command: z.array(z.string()).min(1).readonly(),
  prepare: z.array(z.array(z.string()).min(1).readonly()).readonly(),
  ...runsAs,
});
export type Service = z.infer<typeof Service>;

export const PlaceDirectory = z.strictObject({ path: ImagePath, mode: Mode, uid: Id, gid: Id });
export type PlaceDirectory = z.infer<typeof PlaceDirectory>;

/** A place that lies on scratch (or, where a volume is declared `at` it or above, on that volume): mounted over the sealed root at `path`. */
export const WritablePlace = z.strictObject({
  path: ImagePath,
  mode: Mode,
  uid: Id,
  gid: Id,
  /** Directories to make inside, parents first; absolute image paths below `path`. */
  directories: z.array(PlaceDirectory).readonly(),
  /** The image has files here that must be copied in when the place is made new. */
  seeded: z.boolean(),
});
export type WritablePlace = z.infer<typeof WritablePlace>;

/** How process 1 is made: the service itself under catatonit, or s6 supervising several services. */
export const Init = z.strictObject({
  /** Complete argument vector of process 1. */
  command: z.array(z.string()).min(1).readonly(),
  ...runsAs,
});
export type Init = z.infer<typeof Init>;

export const Package = z.strictObject({ name: z.string(), version: z.string(), architecture: z.string(), source: z.string().optional() });
export type Package = z.infer<typeof Package>;

/** manifest.json: everything needed to run the image. Its SHA-256 and the EROFS digest are subjects of the signed statement. */
export const Manifest = z.strictObject({
  isc: z.literal(1),
  name: Name,
  digest: Digest,
  sizeBytes: z.number().int().positive(),
  fileCount: z.number().int().positive(),
  architecture: z.enum(["amd64", "arm64"]),
  from: Source,
  slim: z.boolean(),
  services: z.array(Service).min(1).readonly(),
  init: Init,
  /** The places every profile puts on scratch: /tmp, /var/tmp, /run, /var/log, and what the services' units name. Volumes' mount points are here too. */
  places: z.array(WritablePlace).readonly(),
  posture: Posture,
  /** SHA-256, hexadecimal, of files.jsonl and sbom.json beside the manifest. */
  filesSha256: z.string(),
  sbomSha256: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

/** One line of files.jsonl. Regular files have `sha256`, symlinks `target`. */
export const FileRecord = z.strictObject({
  path: z.string(),
  kind: z.enum(["file", "directory", "symlink"]),
  mode: Mode,
  uid: Id,
  gid: Id,
  sizeBytes: z.number().int().min(0).optional(),
  sha256: z.string().optional(),
  target: z.string().optional(),
});
export type FileRecord = z.infer<typeof FileRecord>;

/** What `image ls` shows of one image. */
export interface ImageSummary {
  readonly digest: Digest;
  readonly name: Name;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly packageCount: number;
  /** Milliseconds since the epoch: when it came into this store. */
  readonly addedAtMs: number;
  readonly usedBy: readonly Name[];
}
