/** What the kernel says of an ISC's scratch. */
import { fileSystemMagic } from "../../host/kernel/statfs.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { findMount, isMountPoint } from "../mount-table.ts";
import type { ScratchEncryption } from "../scratch-encryption.ts";

export type ScratchState =
  | { readonly mounted: false }
  | {
      readonly mounted: true;
      /** Undefined when nothing encrypts it. */
      readonly encryption: ScratchEncryption | undefined;
      /** Of the mount the ISC's places are taken from. */
      readonly options: readonly string[];
      readonly fileSystem: string;
      readonly sizeBytes: number;
      readonly usedBytes: number;
      /** Undefined when it lies on no loop device that the kernel still shows. */
      readonly backingFile: string | undefined;
    };

/** Throws KernelError or the error of node:fs. */
export async function probeScratch({ host, layout }: Pick<Engine, "host" | "layout">, name: Name): Promise<ScratchState> {
  const places = layout.live.placesMount(name);
  const mount = isMountPoint(host, places) ? findMount(host, places) : undefined;
  if (!mount) return { mounted: false };
  const { totalBytes, freeBytes, magic } = await host.files.statFileSystem(places);
  const dm = host.files.findTextNow(`/sys/dev/block/${mount.major}:${mount.minor}/dm/uuid`);
  const encryption = dm?.startsWith("CRYPT-") ? "dm-crypt" : host.kernel.fscrypt.readEncryptionPolicy(places) && "fscrypt";
  return {
    mounted: true,
    encryption,
    options: mount.options,
    fileSystem: magic === fileSystemMagic.ext4 ? "ext4" : mount.type,
    sizeBytes: totalBytes,
    usedBytes: totalBytes - freeBytes,
    backingFile: await findBackingFile({ host, layout }, `${mount.major}:${mount.minor}`),
  };
}

async function findBackingFile({ host, layout }: Pick<Engine, "host" | "layout">, device: string): Promise<string | undefined> {
  const block = `/sys/dev/block/${device}`;
  const backing = host.files.findTextNow(`${block}/loop/backing_file`);
  if (backing !== undefined) return backing.replace(/\n$/, "");
  const [below] = await host.files.findList(`${block}/slaves`);
  if (below === undefined) return undefined;
  const dev = host.files.findTextNow(`${block}/slaves/${below}/dev`)?.trim();
  return dev === undefined || dev === device ? undefined : findBackingFile({ host, layout }, dev);
}
