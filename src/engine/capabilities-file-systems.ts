/** What the kernel's file systems can do, tried on small files of our own. */
import { formatExt4 } from "../tools/mkfs-ext4.ts";
import { absent, hasModule, type Probe, type ProbeArea, present, probe, type Seen } from "./capabilities-probe.ts";
import { isError, unmountFrom } from "./mount-table.ts";
import { encryptedDirectory, mountWithFscrypt } from "./parts/scratch-device.ts";
import { renderOverlayOptions } from "./parts/scratch-overlay.ts";

const smallestExt4Bytes = 1024 * 1024;

export const probeErofs: Probe = {
  names: ["erofs", "idmapped-mounts"],
  look: async ({ host, directory }) => {
    const [file, plain, mapped] = [`${directory}/empty.erofs`, `${directory}/plain`, `${directory}/mapped`];
    await host.files.write(file, emptyErofs());
    await Promise.all([plain, mapped].map((place) => host.files.makeDirectory(place)));
    try {
      const how = mountErofs({ host, directory }, file, plain);
      return [how, await tryIdmap({ host, directory }, plain, mapped)];
    } finally {
      unmountFrom(host, mapped);
      unmountFrom(host, plain);
    }
  },
};

function mountErofs({ host }: ProbeArea, file: string, target: string): Seen {
  const { mounts, loop } = host.kernel;
  try {
    mounts.mount(file, target, "erofs", mounts.MS_RDONLY);
    return present("image files are mounted directly");
  } catch (error) {
    if (!isError(error, "ENOTBLK")) throw error;
    using device = loop.attachLoop(file, { readOnly: true, autoclear: true });
    mounts.mount(device.device, target, "erofs", mounts.MS_RDONLY);
    return present("image files are mounted through loop devices");
  }
}

/** The ids are of no account: the mapping is never used. */
const anyMap = { insideId: 0, hostId: 0x7000_0000, count: 65_536 };

async function tryIdmap({ host }: ProbeArea, source: string, target: string): Promise<Seen> {
  try {
    await host.kernel.userNamespaces.lend(anyMap, async (userNamespaceFd) =>
      host.kernel.mounts.cloneMountWithIdmap({ source, target, userNamespaceFd, readOnly: true }),
    );
    return present("of erofs");
  } catch (error) {
    return absent(String(error));
  }
}

/** What `mkfs.erofs -T0 -U 00000000-0000-0000-0000-000000000000` makes of an empty directory. */
function emptyErofs(): Buffer {
  const image = Buffer.alloc(4096);
  image.write("e2e1f5e077641ef1030000000c00240001", 0x400, "hex");
  image.write("01", 0x424, "hex");
  image.write("04000000ed4102001b00000000000000ffffffff", 0x480, "hex");
  image.write("2400000000000000180002002400000000000000190002002e2e2e", 0x4a0, "hex");
  return image;
}

export const probeFsVerity = probe("fs-verity", async ({ host, directory }) => {
  const file = `${directory}/verity`;
  await host.files.write(file, "measured");
  const answer = host.kernel.verity.enableVerity(file);
  return answer === "enabled"
    ? present("on the file system of ISC_ROOT")
    : absent("not in this kernel, or not on the file system of ISC_ROOT");
});

/** An overlay is tried on encrypted ext4, since that is where one is needed: kernels before 6.9 refuse just this. */
export const probeScratchFileSystem: Probe = {
  names: ["fscrypt", "overlayfs"],
  look: async (area) => {
    const { host, directory } = area;
    const [file, scratch] = [`${directory}/scratch.img`, `${directory}/scratch`];
    await host.files.makeDirectory(scratch);
    host.kernel.sparse.writeSparse(file, { sizeBytes: smallestExt4Bytes, extents: [] });
    await formatExt4(host, file);
    try {
      mountWithFscrypt(host, file, scratch);
      return [present("encrypts directories of ext4"), await tryOverlay(area, `${scratch}/${encryptedDirectory}`)];
    } finally {
      unmountFrom(host, scratch);
    }
  },
};

async function tryOverlay({ host, directory }: ProbeArea, encrypted: string): Promise<Seen> {
  const [lower, upper, work, target] = [`${directory}/lower`, `${encrypted}/upper`, `${encrypted}/work`, `${directory}/overlay`];
  await Promise.all([lower, upper, work, target].map((place) => host.files.makeDirectory(place)));
  try {
    host.kernel.mounts.mount("overlay", target, "overlay", 0, renderOverlayOptions(lower, upper, work));
    return present("over encrypted scratch");
  } catch (error) {
    return absent(String(error));
  } finally {
    unmountFrom(host, target);
  }
}

export const probeVolumeFileSystem = probe("btrfs", async ({ host }) => {
  const known = host.files.findTextNow("/proc/filesystems")?.split("\n").includes("\tbtrfs") || (await hasModule(host, "btrfs"));
  return known ? present("subvolumes, quotas and snapshots") : absent("not in this kernel: no volumes");
});
