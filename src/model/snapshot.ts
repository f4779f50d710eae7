/** A named, read-only point of an ISC: image digest, configuration and volumes. */
import { z } from "zod";
import { Digest } from "./digest.ts";
import { Name } from "./name.ts";
import { Exposure } from "./network.ts";

/** snapshot.json. The volumes' read-only subvolumes lie in the volume pool under the same ISC and snapshot name. */
export const SnapshotRecord = z.strictObject({
  version: z.literal(1),
  isc: Name,
  name: Name,
  image: Digest,
  exposures: z.array(Exposure).readonly(),
  volumes: z.array(Name).readonly(),
  takenAtMs: z.number().int(),
});
export type SnapshotRecord = z.infer<typeof SnapshotRecord>;
