/** OCI layouts made by hand, entry by entry: the only way to get archives that no honest program writes. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TarEntry {
  readonly name: string;
  /** ustar: 0 file, 1 hard link, 2 symlink, 3 character device, 5 directory, 6 pipe. */
  readonly type: "0" | "1" | "2" | "3" | "5" | "6";
  readonly mode?: number;
  readonly uid?: number;
  readonly link?: string;
  readonly content?: string;
}

/** ustar, POSIX.1-1988; ids that need it in GNU's base-256 form. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(makeMember), Buffer.alloc(1024)]);
}

function makeMember({ name, type, mode = 0o644, uid = 0, link = "", content = "" }: TarEntry): Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number, at: number) => header.write(value.toString(8).padStart(length - 1, "0"), at);
  header.write(name, 0);
  octal(mode, 8, 100);
  if (uid < 0o7777777) octal(uid, 8, 108);
  else {
    header[108] = 0x80;
    header.writeUInt32BE(uid, 112);
  }
  octal(0, 8, 116);
  octal(content.length, 12, 124);
  octal(0, 12, 136);
  header.write(type, 156);
  header.write(link, 157);
  header.write("ustar\u000000", 257);
  if (type === "3") {
    octal(1, 8, 329);
    octal(3, 8, 337);
  }
  header.fill(" ", 148, 156);
  header.write(
    `${[...header]
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return [header, Buffer.from(content), padding];
}

/** @param config besides what the layers make it; may claim anything */
export function writeOciLayout(directory: string, layers: readonly Buffer[], config: Readonly<Record<string, unknown>> = {}): void {
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  const put = (data: Buffer) => {
    const hex = createHash("sha256").update(data).digest("hex");
    writeFileSync(join(directory, "blobs/sha256", hex), data);
    return { digest: `sha256:${hex}`, size: data.length };
  };
  const json = (value: unknown) => put(Buffer.from(JSON.stringify(value)));
  const blobs = layers.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", ...put(layer) }));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const image = {
    architecture,
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: blobs.map(({ digest }) => digest) },
    ...config,
  };
  const configuration = { mediaType: "application/vnd.oci.image.config.v1+json", ...json(image) };
  const manifest = { schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: configuration, layers: blobs };
  const described = { mediaType: manifest.mediaType, ...json(manifest), annotations: { "org.opencontainers.image.ref.name": "latest" } };
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [described] }));
}
