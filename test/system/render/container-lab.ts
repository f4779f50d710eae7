/** A small sealed root with perl in it, run by a real OCI runtime with a configuration that we rendered. Everything is undone by `await using`. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cloneMountWithIdmap, MNT_DETACH, MS_NODEV, MS_NOSUID, MS_RDONLY, mount, unmount } from "../../../src/host/kernel/mounts.ts";
import { createNetworkNamespace, removeNetworkNamespace } from "../../../src/host/kernel/namespaces.ts";
import { UserNamespacePool } from "../../../src/host/kernel/user-namespace.ts";
import { identityOfSlot, parseDockIdentity } from "../../../src/model/identity.ts";
import type { Manifest } from "../../../src/model/image.ts";
import { layoutOf } from "../../../src/model/layout.ts";
import { Name } from "../../../src/model/name.ts";
import { SeccompFragment, SeccompProfile } from "../../../src/model/seccomp-profile.ts";
import { renderEtcFiles } from "../../../src/render/etc-files.ts";
import { renderOciConfig } from "../../../src/render/oci-config.ts";
import { renderSeccomp } from "../../../src/render/seccomp.ts";

const dock = parseDockIdentity(process.pid.toString(16).padStart(4, "0").slice(-4), "10.201.0.0/16");
assert(dock);
const identity = identityOfSlot(dock, 7);
const record = { name: Name.parse("lab"), machineId: "0123456789abcdef0123456789abcdef" };
export type Runtime = "crun" | "runc";

export interface RunResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class ContainerLab implements AsyncDisposable {
  readonly #path = mkdtempSync("/tmp/isc-render-");
  readonly #layout = layoutOf({ root: join(this.#path, "root"), run: join(this.#path, "run") });
  readonly #pool = new UserNamespacePool(0);
  #holder: ChildProcess | undefined;
  readonly #mounted: string[] = [];

  /** @param manifest what the ISC may do; its root is the lab's own */
  static async make(manifest: Manifest): Promise<ContainerLab> {
    const lab = new ContainerLab();
    try {
      await lab.#prepare(manifest);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs process 1 of a manifest to its end. */
  run(runtime: Runtime, manifest: Manifest): RunResult {
    const bundle = this.#layout.live.bundle(record.name);
    const overlays = manifest.posture.writes === "flexible" ? ["/etc", "/var"] : [];
    const config = renderOciConfig({
      manifest,
      record,
      identity,
      layout: this.#layout,
      runtime,
      cgroupsPath: `/isc-${dock?.tag}/${record.name}`,
      seccomp: renderSeccomp({
        profile: SeccompProfile.parse(readProfile("default")),
        wxFragment: SeccompFragment.parse(readProfile("write-xor-execute")),
        rights: manifest.posture.rights,
        architecture: manifest.architecture,
      }),
      openFilesCeiling: 1_024,
      swapAccounting: existsSync("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"),
      overlays,
    });
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
    const state = `--root=${join(this.#path, "state")}`;
    const words = [...(runtime === "crun" ? ["--cgroup-manager=cgroupfs"] : []), state, "run", "--bundle", bundle, record.name];
    return this.#inside(runtime, ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder?.kill("SIGKILL");
    await this.#pool.close();
    removeNetworkNamespace(this.#layout.live.networkNamespace(record.name));
    for (const place of this.#mounted.toReversed()) unmount(place, MNT_DETACH);
    rmSync(this.#path, { recursive: true });
    for (const directory of listCgroups()) rmdirSync(directory);
  }

  async #prepare(manifest: Manifest): Promise<void> {
    // The runtime walks to root and places as root of the ISC, who is nobody out here: every directory on the way must let it through.
    chmodSync(this.#path, 0o711);
    const { live } = this.#layout;
    const { name } = record;
    for (const path of [live.rootMount(name), live.placesMount(name), live.etc(name), live.bundle(name)])
      mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(renderEtcFiles({ record, identity, hosts: [] })))
      writeFileSync(join(live.etc(name), file), text);
    createNetworkNamespace(live.networkNamespace(name));
    await this.#mountRoot(manifest);
    await this.#mountPlaces(manifest);
    this.#holder = spawn("unshare", ["--mount", "--propagation=private", "sleep", "infinity"], { stdio: "ignore" });
    await waitFor(() => readFileSync(`/proc/${this.#holder?.pid}/comm`, "utf8") === "sleep\n");
    // crun refuses the mixture of both cgroup versions.
    if (existsSync("/sys/fs/cgroup/unified")) this.#inside("umount", "/sys/fs/cgroup/unified");
  }

  async #mountRoot(manifest: Manifest): Promise<void> {
    const tree = join(this.#path, "tree");
    copyPrograms(tree, ["/usr/bin/perl", "/bin/cat", "/bin/true"]);
    const directories = [
      "proc",
      "dev",
      "sys",
      "etc",
      ...manifest.places.map(({ path }) => path),
      ...Object.values(manifest.posture.volumes).map(({ at }) => at),
    ];
    for (const path of directories) mkdirSync(join(tree, path), { recursive: true });
    for (const file of ["machine-id", "hostname", "hosts", "resolv.conf"]) writeFileSync(join(tree, "etc", file), "");
    const image = join(this.#path, "image.erofs");
    assert.equal(spawnSync("mkfs.erofs", ["--quiet", image, tree], { stdio: "ignore" }).status, 0);
    const plain = join(this.#path, "plain");
    mkdirSync(plain);
    this.#mount(plain, () => mount(image, plain, "erofs", MS_RDONLY | MS_NOSUID | MS_NODEV));
    await this.#mountIdmapped(plain, this.#layout.live.rootMount(record.name), true);
  }

  async #mountPlaces(manifest: Manifest): Promise<void> {
    const { live } = this.#layout;
    const scratch = join(this.#path, "scratch");
    mkdirSync(scratch);
    for (const { path } of manifest.places) {
      mkdirSync(join(scratch, path), { recursive: true });
      chmodSync(join(scratch, path), 0o1777);
    }
    await this.#mountIdmapped(scratch, live.placesMount(record.name), false);
    for (const volume of Object.keys(manifest.posture.volumes)) {
      const target = live.volumeMount(record.name, Name.parse(volume));
      mkdirSync(target, { recursive: true });
      await this.#mountIdmapped(scratch, target, false);
    }
  }

  async #mountIdmapped(source: string, target: string, readOnly: boolean): Promise<void> {
    const userNamespaceFd = await this.#pool.take({ insideId: 0, hostId: identity.uidBase, count: identity.uidCount });
    this.#mount(target, () =>
      cloneMountWithIdmap({ source, target, userNamespaceFd, readOnly, noSuid: true, noDev: true, noExec: !readOnly }),
    );
    closeSync(userNamespaceFd);
  }

  #mount(target: string, make: () => void): void {
    make();
    this.#mounted.push(target);
  }

  #inside(program: string, ...words: readonly string[]): RunResult {
    const result = spawnSync("nsenter", [`--mount=/proc/${this.#holder?.pid}/ns/mnt`, program, ...words], {
      encoding: "utf8",
      timeout: 30_000,
    });
    return { exitCode: result.status, stdout: result.stdout, stderr: result.stderr };
  }
}

/** Cgroups of the lab's dock; the runtimes leave the parents of those they make. */
function listCgroups(): readonly string[] {
  const base = "/sys/fs/cgroup";
  return ["", ...readdirSync(base)].map((hierarchy) => join(base, hierarchy, `isc-${dock?.tag}`)).filter((path) => existsSync(path));
}

/** The manifest of a lab whose process 1 runs a perl program; `change` overrides parts of its posture. */
export function labManifest(program: string, change: Partial<Manifest["posture"]> = {}, user = 33): Manifest {
  const place = (path: string) => ({ path, mode: 0o1777, uid: 0, gid: 0, directories: [], seeded: false });
  const process = {
    command: ["/usr/bin/perl", "-e", program],
    uid: user,
    gid: user,
    groups: [],
    environment: {},
    workingDirectory: "/",
    stopSignal: "SIGTERM",
    stopTimeoutMs: 1_000,
  };
  return {
    isc: 1,
    name: record.name,
    // The lab never looks at a digest.
    digest: `sha256:${"0".repeat(64)}` as Manifest["digest"],
    sizeBytes: 1,
    fileCount: 1,
    architecture: "amd64",
    from: { kind: "directory", path: "/" },
    slim: true,
    services: [{ name: record.name, prepare: [], ...process }],
    init: process,
    places: ["/tmp", "/run", "/var/log", "/data"].map(place),
    posture: {
      network: { listen: [], expose: [], connect: [] },
      limits: { memoryBytes: 128 * 1024 * 1024, cpuPercent: 50, processes: 16, openFiles: 512 },
      scratchBytes: 1,
      volumes: { store: { at: "/data", sizeBytes: 1 } } as Manifest["posture"]["volumes"],
      writes: "fixed",
      rights: { capabilities: [], syscalls: [], writableCode: false },
      containment: "container",
      ...change,
    },
    filesSha256: "",
    sbomSha256: "",
  };
}

function readProfile(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, "../../../profiles/seccomp", `${name}.json`), "utf8"));
}

/** The programs with the libraries that ldd(1) names, at the paths where the loader looks. */
function copyPrograms(tree: string, programs: readonly string[]): void {
  const { stdout } = spawnSync("ldd", programs, { encoding: "utf8" });
  const libraries = new Set(stdout.match(/\/\S+\.so\S*/g));
  for (const path of [...programs, ...libraries]) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(tree, path));
  }
}

async function waitFor(isThere: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5_000; !isThere(); ) {
    assert(Date.now() < deadline, "waited for 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
