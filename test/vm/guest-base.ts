/** The parts of the virtual machine that seldom change: Debian's kernel, an initramfs, and Debian with what the dock needs. Kept between runs. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { posix } from "node:path";
import { type CpioFile, packCpio } from "./cpio.ts";

const kernelPackage = "linux-image-cloud-amd64";
const suite = "bookworm";
const cache = "/var/tmp/isc-test-cache/vm";
const busybox = "/bin/busybox";
/** What finds the disks and puts them together; everything else is loaded later, by need. */
const earlyModules = ["virtio_pci", "virtio_blk", "erofs", "overlay"];
/** Beside group `run`: what loads modules, and what the tests look with. */
const guestPackages = ["kmod", "dmsetup"];
const hourMs = 3_600_000;

export interface GuestBase {
  readonly kernel: string;
  readonly initramfs: string;
  readonly debian: string;
}

/** There is no virtual machine to be had here: a reason to skip its tests. */
export class NoGuest extends Error {
  override readonly name = "NoGuest";
}

/** Takes half a minute the first time. Throws NoGuest; Error when mmdebstrap or mkfs.erofs fail. */
export function makeGuestBase(): GuestBase {
  assertProgramsForGuest();
  const packages = [...runPackages(), ...guestPackages];
  const earlyInit = readFileSync(new URL("guest/early-init", import.meta.url));
  const recipe = JSON.stringify([kernelPackage, suite, packages, earlyModules]);
  const key = createHash("sha256").update(recipe).update(earlyInit).digest("hex").slice(0, 16);
  const place = `${cache}/${key}`;
  if (!existsSync(place)) makeAnew(place, packages, earlyInit);
  return { kernel: `${place}/vmlinuz`, initramfs: `${place}/initramfs`, debian: `${place}/debian.erofs` };
}

function assertProgramsForGuest(): void {
  if (process.getuid?.() !== 0) throw new NoGuest("making the virtual machine's disks needs root");
  if (process.arch !== "x64") throw new NoGuest(`the virtual machine is for x86-64, and this is ${process.arch}`);
  const missing = ["qemu-system-x86_64", "mmdebstrap", "mkfs.erofs", "mkfs.ext4"].find(
    (program) => spawnSync(program, ["--version"]).error,
  );
  if (missing !== undefined) throw new NoGuest(`${missing} is not installed: scripts/setup run vm`);
  if (!existsSync(busybox)) throw new NoGuest("busybox-static is not installed: scripts/setup run vm");
}

/** Exactly what the list says a dock needs: a package that is missing there is missing in the virtual machine. */
function runPackages(): readonly string[] {
  const list = readFileSync(new URL("../../scripts/system-packages.txt", import.meta.url), "utf8");
  return [...list.matchAll(/^run\s+(\S+)/gm)].map(([, name]) => String(name));
}

/** Whole or not at all; earlier ones go. */
function makeAnew(place: string, packages: readonly string[], earlyInit: Uint8Array): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(`${cache}/new-`);
  try {
    fill(work, packages, earlyInit);
    for (const old of readdirSync(cache).map((name) => `${cache}/${name}`)) if (isNeedless(old)) rmSync(old, { recursive: true });
    if (!existsSync(place)) renameSync(`${work}/made`, place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Another run may be making one of its own just now. */
function isNeedless(place: string): boolean {
  return !posix.basename(place).startsWith("new-") || statSync(place).mtimeMs < Date.now() - hourMs;
}

function fill(work: string, packages: readonly string[], earlyInit: Uint8Array): void {
  const run = (program: string, ...words: readonly string[]) =>
    execFileSync(program, words, { cwd: work, stdio: ["ignore", "ignore", "pipe"] });
  run("dpkg", "--extract", fetchKernel(work), "kernel");
  run("mmdebstrap", "--quiet", "--variant=minbase", `--include=${packages.join(",")}`, suite, "debian");
  for (const needless of ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc"]) rmSync(`${work}/debian/${needless}`, { recursive: true });
  const modules = `${work}/debian/usr/lib/modules`;
  cpSync(`${work}/kernel/lib/modules`, modules, { recursive: true });
  const release = readdirSync(modules)[0] ?? "";
  run("chroot", "debian", "depmod", release);
  mkdirSync(`${work}/made`);
  cpSync(`${work}/kernel/boot/vmlinuz-${release}`, `${work}/made/vmlinuz`);
  writeFileSync(`${work}/made/initramfs`, makeInitramfs(`${modules}/${release}`, earlyInit));
  run("mkfs.erofs", "--quiet", "made/debian.erofs", "debian");
}

/** Its file, relative to the folder. apt-get's lists may be missing or older than the archive: they are fetched once before giving up. */
function fetchKernel(folder: string): string {
  const apt = (...words: readonly string[]) => spawnSync("apt-get", ["-q", ...words], { cwd: folder, encoding: "utf8" });
  const download = () => apt("-o", "APT::Sandbox::User=root", "download", findKernelPackage() ?? kernelPackage);
  let answer = download();
  if (answer.status !== 0) {
    apt("update");
    answer = download();
  }
  const file = readdirSync(folder).find((name) => name.startsWith("linux-image-") && name.endsWith(".deb"));
  if (answer.status === 0 && file !== undefined) return file;
  throw new NoGuest(`cannot fetch Debian's kernel: ${answer.stderr?.trim().split("\n").at(-1) ?? answer.error?.message}`);
}

/** The package with a version in its name, on which Debian's own depends. */
function findKernelPackage(): string | undefined {
  const { stdout } = spawnSync("apt-cache", ["show", "--no-all-versions", kernelPackage], { encoding: "utf8" });
  return /^Depends:.*?(linux-image-\S+-cloud-amd64)/m.exec(stdout ?? "")?.[1];
}

function makeInitramfs(modules: string, earlyInit: Uint8Array): Buffer {
  const wanted = orderOfLoading(readFileSync(`${modules}/modules.dep`, "utf8"), earlyModules);
  const list = wanted.map((module) => `${posix.basename(module)}\n`).join("");
  const files: CpioFile[] = [
    { path: "/init", content: earlyInit, mode: 0o755 },
    { path: "/bin/busybox", content: readFileSync(busybox), mode: 0o755 },
    ...wanted.map((module) => ({ path: `/modules/${posix.basename(module)}`, content: readFileSync(`${modules}/${module}`), mode: 0o644 })),
    { path: "/modules/list", content: Buffer.from(list), mode: 0o644 },
  ];
  return packCpio(files, ["/proc", "/sys", "/dev", "/root", "/debian", "/project", "/upper"]);
}

/** modules.dep(5): a module, a colon, and what it needs, the last of which is to be loaded first. */
function orderOfLoading(dependencies: string, names: readonly string[]): readonly string[] {
  const lines = dependencies.split("\n");
  const ordered = names.flatMap((name) => {
    const [module, needs = ""] = lines.find((line) => line.includes(`/${name}.ko:`))?.split(":") ?? [];
    return module === undefined ? [] : [...needs.split(" ").filter(Boolean).reverse(), module];
  });
  return [...new Set(ordered)];
}
