/** The blueprint's `volumes`: the only data that outlives a reset. */
import { z } from "zod";
import { findVolumeObstacle, isBelow } from "./places.ts";
import { complain, name, place, size } from "./scalars.ts";

const mebibyte = 1024 ** 2;
const tebibyte = 1024 ** 4;

const volumeForm = z
  .strictObject(
    {
      at: place
        .superRefine((path, context) => {
          const obstacle = findVolumeObstacle(path);
          if (obstacle !== undefined) complain(context, `cannot be a volume: ${obstacle}`);
        })
        .describe("Where it is mounted in the ISC."),
      size: size(16 * mebibyte, 64 * tebibyte).describe("How much it may hold."),
      shared: z
        .boolean({ error: "expected true or false" })
        .optional()
        .describe("Whether two instances may use it at once: then a cleanse needs no pause. For services that lock nothing in it."),
    },
    { error: "expected a mapping such as { at: /var/lib/thing, size: 1GiB }" },
  )
  .transform(({ at, size: sizeBytes, shared }) => ({ at, sizeBytes, ...(shared ? { shared } : {}) }));

export const volumesForm = z
  .record(name, volumeForm, { error: "expected a mapping of volume names, such as { data: { at: /srv/data, size: 1GiB } }" })
  .superRefine((volumes, context) => {
    const entries = Object.entries(volumes);
    if (entries.length > 32) return complain(context, "expected at most 32 volumes");
    for (const [index, [key, { at }]] of entries.entries()) {
      const other = entries.find(
        ([, candidate], place) => place !== index && isBelow(at, candidate.at) && (candidate.at !== at || place < index),
      );
      if (other) complain(context, `${at} lies in the place of volume ${other[0]}; volumes do not nest`, [key, "at"]);
    }
  });
