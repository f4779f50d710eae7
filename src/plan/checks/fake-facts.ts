/** Facts of an ISC that keeps every promise, for tests to spoil one thing of. */
import type { Digest } from "../../model/digest.ts";
import { identityOfSlot, parseDockIdentity } from "../../model/identity.ts";
import type { Manifest } from "../../model/image.ts";
import type { Name } from "../../model/name.ts";
import type { IscFacts, LiveFacts, MountFacts, Namespaces, ProcessFacts } from "./facts.ts";
import { namespaceKinds } from "./facts.ts";
import type { ThreadStatus } from "./proc/process-status.ts";

const digest = `sha256:${"ab".repeat(32)}` as Digest;
const dock = parseDockIdentity("ab12", "10.201.0.0/16");
if (!dock) throw new Error("the test's dock has no identity");
export const fakeIdentity = identityOfSlot(dock, 1);

export function namespacesOf(base: number): Namespaces {
  return Object.fromEntries(namespaceKinds.map((kind, index) => [kind, `${kind}:[${base + index}]`])) as Namespaces;
}

export function fakeMount(mountPoint: string, fields: Partial<MountFacts> = {}): MountFacts {
  const id = [...mountPoint].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 100_000, 7) + 10;
  const options = ["rw", "nosuid", "nodev", "noexec"];
  return { id, parentId: 1, mountPoint, device: "7:1", root: "/", type: "ext4", source: "x", options, superOptions: ["rw"], ...fields };
}

const rootMount = fakeMount("/", {
  id: 1,
  parentId: 0,
  device: "0:40",
  type: "erofs",
  options: ["ro", "nosuid", "nodev"],
  superOptions: ["ro"],
});

export const fakeMounts: readonly MountFacts[] = [
  rootMount,
  fakeMount("/proc", { id: 2, device: "0:50", type: "proc" }),
  fakeMount("/proc/sys", { id: 3, parentId: 2, device: "0:50", type: "proc", root: "/sys", options: ["ro"] }),
  fakeMount("/proc/keys", { id: 4, parentId: 2, device: "0:5", type: "devtmpfs", root: "/null", options: ["rw", "nosuid"] }),
  fakeMount("/dev", { id: 5, device: "0:51", type: "tmpfs", options: ["ro", "nosuid", "noexec"] }),
  fakeMount("/dev/pts", { id: 6, parentId: 5, type: "devpts", options: ["rw", "nosuid", "noexec"] }),
  fakeMount("/dev/null", { id: 7, parentId: 5, device: "0:5", type: "devtmpfs", root: "/null", options: ["rw", "nosuid"] }),
  fakeMount("/tmp", { id: 8 }),
  fakeMount("/etc/machine-id", { id: 9, device: "0:9", type: "tmpfs", options: ["ro", "nosuid", "nodev", "noexec"] }),
];

function fakeThread(fields: Partial<ThreadStatus> = {}): ThreadStatus {
  const id = fakeIdentity.uidBase + 33;
  return {
    id: 100,
    name: "nginx",
    uids: [id, id, id, id],
    gids: [id, id, id, id],
    groups: [],
    capabilities: { CapInh: 0n, CapPrm: 0n, CapEff: 0n, CapBnd: 0n, CapAmb: 0n },
    noNewPrivileges: true,
    seccomp: 2,
    seccompFilters: 1,
    threadCount: 1,
    ended: false,
    ...fields,
  };
}

export function fakeProcess(fields: Partial<ProcessFacts> = {}): ProcessFacts {
  const map = [{ inside: 0, host: fakeIdentity.uidBase, count: 65_536 }];
  return {
    pid: 100,
    name: "nginx",
    startTicks: 1,
    loginUid: fakeIdentity.loginUid,
    threads: [fakeThread()],
    uidMap: map,
    gidMap: map,
    namespaces: namespacesOf(1000),
    executable: "/usr/sbin/nginx",
    code: [
      { range: "1-2", permissions: "r-xp", device: "0:40", inode: "5", path: "/usr/sbin/nginx" },
      { range: "3-4", permissions: "r-xp", device: "0:0", inode: "0", path: "[vdso]" },
    ],
    cgroups: new Map([["", "/isc-ab12/web"]]),
    ...fields,
  };
}

const fakeLimit = { directory: "/sys/fs/cgroup/isc-ab12/web", outside: [], words: "as declared" };

export const fakeLive: LiveFacts = {
  runtime: "crun",
  pid: 100,
  processes: [fakeProcess()],
  strays: [],
  mounts: fakeMounts,
  seal: { imageMount: rootMount, file: "/images/image.erofs", mountedFile: "/images/image.erofs", rootMount },
  network: {
    seen: {
      hostEnds: [{ name: fakeIdentity.link, link: { name: fakeIdentity.link, index: 9, peerIndex: 2, up: true }, reversePathFilter: "1" }],
      insideLinks: [
        { name: "lo", index: 1, peerIndex: undefined, up: true },
        { name: "eth0", index: 2, peerIndex: 9, up: true },
      ],
      insideAddresses: [`${fakeIdentity.address}/32`, `${fakeIdentity.address6}/128`],
    },
  },
  firewall: {
    seen: {
      table: "isc_ab12",
      parts: [],
      missing: [],
      extra: [],
      wantedCount: 4,
      foreign: [],
      declared: { by: "network.connect", connections: 0, exposures: ["8080 to 80/tcp"] },
    },
  },
  limits: {
    memory: { seen: { ...fakeLimit, value: 2 ** 27 } },
    cpu: { seen: { ...fakeLimit, value: 50 } },
    pids: { seen: { ...fakeLimit, value: 32 } },
  },
  scratch: {
    seen: {
      device: "7:1",
      cryptUuid: undefined,
      places: [{ path: "/tmp", on: "scratch", mount: fakeMounts[7], volumeSource: undefined, keyIdentifier: "ab".repeat(16) }],
      space: { seen: [{ what: "scratch", limitBytes: 60_000_000, declaredBytes: 2 ** 26 }] },
    },
  },
  seccomp: { profile: { seen: "same" } },
  machineIdInside: "c".repeat(32),
  execGate: true,
  maskedPaths: ["/proc/keys"],
  readonlyPaths: ["/proc/sys"],
  hostNamespaces: [{ whose: "the host", namespaces: namespacesOf(1) }],
};

const init = {
  command: ["/usr/sbin/nginx"],
  uid: 33,
  gid: 33,
  groups: [],
  environment: {},
  workingDirectory: "/",
  stopSignal: "SIGQUIT",
  stopTimeoutMs: 1,
};

const fakeManifest: Manifest = {
  isc: 1,
  name: "web" as Name,
  digest,
  sizeBytes: 1,
  fileCount: 1,
  architecture: "amd64",
  from: { kind: "debian", suite: "bookworm", packages: ["nginx-light"] },
  slim: true,
  services: [{ ...init, name: "nginx" as Name, prepare: [] }],
  init,
  places: [{ path: "/tmp", mode: 0o1777, uid: 0, gid: 0, directories: [], seeded: false }],
  posture: {
    network: { listen: [{ port: 80, protocol: "tcp" }], expose: [], connect: [] },
    limits: { memoryBytes: 2 ** 27, cpuPercent: 50, processes: 32, openFiles: 1024 },
    scratchBytes: 2 ** 26,
    volumes: {},
    writes: "fixed",
    rights: { capabilities: [], syscalls: [], writableCode: false },
    containment: "container",
  },
  filesSha256: "",
  sbomSha256: "",
};

const own = { name: "web", slot: 1, machineId: "c".repeat(32), keyIdentifiers: ["ab".repeat(16)], namespaces: namespacesOf(1000) };

export const fakeFacts: IscFacts = {
  record: {
    version: 1,
    name: "web" as Name,
    image: digest,
    slot: 1,
    machineId: own.machineId,
    desired: "running",
    exposures: [{ hostPort: 8080, port: 80, protocol: "tcp" }],
    createdAtMs: 0,
    generation: 1,
  },
  identity: fakeIdentity,
  image: {
    manifest: { seen: fakeManifest },
    signature: { keyId: "d".repeat(64) },
    measured: { seen: { digest, how: "read just now" } },
    files: { seen: { files: new Set(["/usr/sbin/nginx"]), setId: [], worldWritable: [], packageManagers: [], odd: [] } },
  },
  live: { seen: fakeLive },
  others: [{ name: "db", slot: 2, machineId: "e".repeat(32), keyIdentifiers: ["cd".repeat(16)], namespaces: namespacesOf(2000) }],
  own,
  host: { machineId: "f".repeat(32), addresses: ["192.0.2.1"], claims: [{ who: "root in /etc/passwd", first: 0, count: 1 }] },
  cgroupPath: "/isc-ab12/web",
  audit: {
    seen: { level: "full", key: "isc:ab12", enabled: true, rules: 10, missing: 0, extra: 0, heard: true },
  },
  ledger: { seen: { first: 1, head: { seq: 12, hash: "a".repeat(64) }, count: 12, signedUpTo: 11, faults: [] } },
};

/** With other facts of the running ISC. */
export function withLive(change: Partial<LiveFacts>): IscFacts {
  return { ...fakeFacts, live: { seen: { ...fakeLive, ...change } } };
}

export function withProcess(change: Partial<ProcessFacts>): IscFacts {
  return withLive({ processes: [fakeProcess(), fakeProcess({ pid: 101, ...change })] });
}

export function withThread(change: Partial<ThreadStatus>): IscFacts {
  return withProcess({ threads: [fakeThread(), fakeThread({ id: 102, ...change })] });
}

export function withMount(mountPoint: string, fields: Partial<MountFacts>): IscFacts {
  return withLive({ mounts: [...fakeMounts, fakeMount(mountPoint, fields)] });
}

export function withPosture(change: Partial<Manifest["posture"]>, facts: IscFacts = fakeFacts): IscFacts {
  const manifest = { ...fakeManifest, posture: { ...fakeManifest.posture, ...change } };
  return { ...facts, image: { ...facts.image, manifest: { seen: manifest } } };
}
