/** The programs of others that the dock relies on. */
import { absent, hasModule, type Probe, type ProbeArea, present, probe } from "./capabilities-probe.ts";

/** As run-command.ts searches. */
const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Asked for their version where that takes but a few milliseconds; for the others it is enough that they are there. */
const asked = ["crun", "runc", "runsc", "conmon", "catatonit"];
const found: Readonly<Record<string, string>> = {
  s6: "s6-svscan",
  "mkfs.erofs": "mkfs.erofs",
  mmdebstrap: "mmdebstrap",
  skopeo: "skopeo",
  umoci: "umoci",
  "btrfs-progs": "btrfs",
  cryptsetup: "cryptsetup",
};

export const probePrograms: readonly Probe[] = [
  ...asked.map((program) =>
    probe(program, async ({ host }) => {
      const path = findProgram(host, program);
      if (path === undefined) return absent("not installed");
      const { stdout } = await host.run({ program: path, arguments: ["--version"], timeoutMs: 5_000 });
      return present(/\d+\.\d+[\w.+~-]*/.exec(stdout)?.[0] ?? path);
    }),
  ),
  ...Object.entries(found).map(([name, program]) =>
    probe(name, ({ host }) => {
      const path = findProgram(host, program);
      return path === undefined ? absent("not installed") : present(path);
    }),
  ),
];

export const probeDmCrypt = probe("dm-crypt", async ({ host }) => {
  const mapper = /\bdevice-mapper$/m.test(host.files.findTextNow("/proc/misc") ?? "") || (await hasModule(host, "dm-mod"));
  if (!mapper) return absent("the kernel has no device mapper");
  if (!(await hasModule(host, "dm-crypt"))) return absent("the kernel has no dm-crypt");
  return findProgram(host, "cryptsetup") === undefined ? absent("cryptsetup is not installed") : present("with cryptsetup");
});

function findProgram(host: ProbeArea["host"], program: string): string | undefined {
  return folders.map((folder) => `${folder}/${program}`).find((path) => host.files.findNow(path) !== undefined);
}
