/** The part of an OCI image's configuration that says what runs (OCI image specification, config.md). Made by strangers: read loosely, believed never. */
import { z } from "zod";

/** Image builders write null for "none". */
const orNone = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? undefined);
const shortText = z.string().max(65_536);
const texts = z.array(shortText).max(10_000);

export const OciImageConfig = z.object({
  architecture: z.string(),
  os: z.string(),
  config: orNone(
    z.object({
      User: orNone(shortText),
      Env: orNone(texts),
      Entrypoint: orNone(texts),
      Cmd: orNone(texts),
      WorkingDir: orNone(shortText),
      StopSignal: orNone(shortText),
      /** Keys such as "80/tcp". */
      ExposedPorts: orNone(z.record(z.string(), z.unknown())),
      Volumes: orNone(z.record(z.string(), z.unknown())),
    }),
  ),
  /** Digests of the unpacked layers, base first: together they are the root's identity. */
  rootfs: z.object({ diff_ids: z.array(z.string()).max(1_000) }),
});
export type OciImageConfig = z.infer<typeof OciImageConfig>;
