/** Answers of a dock with two ISCs, as its operations give them: typed, so that they cannot drift from the contract. */
import type { Answers, ChangeAnswer } from "../api/answers.ts";
import type { OperationName } from "../api/operations.ts";
import { type Assessment, type MeasureName, measureNames } from "../model/assessment.ts";
import { Digest } from "../model/digest.ts";
import type { Manifest } from "../model/image.ts";
import type { IscRecord, IscSummary } from "../model/isc.ts";
import { Name } from "../model/name.ts";
import { fakeNowMs } from "./fake-io.ts";
import { fakeProbes, fakeStack, fakeSteps } from "./fake-stack.ts";

const web = Name.parse("web");
const db = Name.parse("db");
const digest = Digest.parse(`sha256:${"3f9a1c77".repeat(8)}`);
const snapshot = {
  version: 1,
  isc: db,
  name: Name.parse("before-upgrade"),
  image: digest,
  exposures: [],
  volumes: [Name.parse("data")],
  takenAtMs: fakeNowMs - 3_600_000,
} as const;
const exposure = { hostPort: 8080, port: 80, protocol: "tcp" } as const;

const running: IscSummary = {
  name: web,
  status: "running",
  image: digest,
  imageName: web,
  address: "10.201.0.2",
  address6: "fd15:c1a2:1a2b:1::2",
  exposures: [exposure],
  startedAtMs: fakeNowMs - 125_000,
  pid: 4711,
  health: { well: false, failures: 3, fault: "HTTP status 503", checkedAtMs: fakeNowMs - 1_000 },
  pressures: ["scratch"],
  containment: "container",
  writes: "fixed",
};
const failed: IscSummary = {
  name: db,
  status: "failed",
  image: digest,
  imageName: db,
  address: "10.201.0.3",
  address6: "fd15:c1a2:1a2b:1::3",
  exposures: [],
  exitCode: 137,
  containment: "container",
  writes: "fixed",
};
const incident = {
  version: 1,
  id: "web.4711",
  isc: web,
  image: digest,
  time: new Date(fakeNowMs - 60_000).toISOString(),
  action: "reset",
  reason: "exec.sealed fails: /tmp/x runs, which is no file of the image",
  trigger: { seq: 4_710, kind: "integrity.drift", message: "exec.sealed fails" },
  processes: 3,
  scratch: "encrypted",
  gaps: [],
  files: [
    { name: "processes.json", sizeBytes: 2_112, sha256: "00".repeat(32) },
    { name: "scratch.tar.age", sizeBytes: 401_000, sha256: "11".repeat(32) },
  ],
} as const;
const exposureWindow = { currentMs: 12_000, lastMs: 60_412, longestMs: 93_000, replaced: 41, draining: 1 };
const record: IscRecord = {
  version: 1,
  name: web,
  image: digest,
  slot: 1,
  machineId: "0123456789abcdef0123456789abcdef",
  desired: "running",
  exposures: [exposure],
  createdAtMs: fakeNowMs - 86_400_000,
  generation: 3,
};
const process = {
  command: ["/usr/sbin/nginx", "-g", "daemon off;"],
  uid: 33,
  gid: 33,
  groups: [],
  environment: {},
  workingDirectory: "/",
  stopSignal: "SIGQUIT",
  stopTimeoutMs: 5_000,
};
const manifest: Manifest = {
  isc: 1,
  name: web,
  digest,
  sizeBytes: 64_000_000,
  fileCount: 2_345,
  architecture: "amd64",
  from: { kind: "debian", suite: "bookworm", packages: ["nginx-light"] },
  slim: true,
  services: [{ name: Name.parse("nginx"), prepare: [], ...process }],
  init: process,
  places: [],
  posture: {
    network: {
      listen: [{ port: 80, protocol: "tcp" }],
      expose: [exposure],
      connect: [{ kind: "isc", isc: db, port: 5432, protocol: "tcp" }],
    },
    limits: { memoryBytes: 134_217_728, cpuPercent: 50, processes: 32, openFiles: 1_024 },
    scratchBytes: 67_108_864,
    volumes: {},
    writes: "fixed",
    rights: { capabilities: [], syscalls: [], writableCode: false },
    health: { kind: "http", port: 80, path: "/", everyMs: 5_000, timeoutMs: 1_000, failures: 3 },
    containment: "container",
  },
  filesSha256: "0".repeat(64),
  sbomSha256: "1".repeat(64),
};
const image = { digest, name: web, sizeBytes: 64_000_000 };
const summary = { ...image, fileCount: 2_345, packageCount: 61, addedAtMs: fakeNowMs - 90_000, usedBy: [web] };
const change = (status: string): ChangeAnswer => ({ iscs: [{ name: web, status, tookMs: 82.4, address: "10.201.0.2" }] });

export const fakeAssessment: Assessment = {
  isc: web,
  score: 74,
  items: [
    { id: "contract.scratch.encrypted", points: 15, evidence: "FAIL: /tmp has no key\u001b[31m", mend: "use a host with fscrypt" },
    { id: "surface.interpreters", points: 6, evidence: "in the image: perl", mend: "remove the interpreters" },
    { id: "exposure.window", points: 4.5, evidence: "the same instance has been there for 249 hours", mend: "set cleanse: { every: 1h }" },
  ],
  measures: Object.fromEntries(measureNames.map((name) => [name, 1])) as Record<MeasureName, number>, // Every name.
};

export const fakeAnswers: Answers = {
  build: { ...image, fileCount: 2_345, packageCount: 61, tookMs: 31_240, unchanged: false },
  images: { images: [summary] },
  "image-show": { summary, manifest, signatures: [{ keyId: "ab".repeat(32), trusted: true }] },
  "image-verify": { digest, keyId: "ab".repeat(32), sizeBytes: 64_000_000, tookMs: 41 },
  "image-remove": image,
  "image-prune": {
    dryRun: false,
    images: [{ digest, name: web, addedAtMs: fakeNowMs - 40 * 86_400_000, sizeBytes: 64_100_000 }],
    layers: [{ key: "0123456789abcdef0123456789abcdef", lastUsedMs: fakeNowMs - 31 * 86_400_000, sizeBytes: 310_000_000 }],
    packageFiles: { count: 41, sizeBytes: 9_000_000 },
    freedBytes: 383_100_000,
  },
  "image-export": image,
  "image-import": image,
  create: change("stopped"),
  start: change("running"),
  stop: change("stopped"),
  restart: change("running"),
  list: { iscs: [running, failed] },
  show: { summary: running, record, manifest, exposure: exposureWindow, memoryBytes: 3_400_000, processCount: 2, cpuMs: 1_530 },
  logs: {},
  exec: { exitCode: 0 },
  expose: { name: web, exposures: [exposure, { ...exposure, hostPort: 8443, port: 443, address: "::1" }] },
  unexpose: { name: web, exposures: [] },
  clone: { iscs: [1, 2].map((number) => ({ name: Name.parse(`web${number}`), status: "stopped", tookMs: 1.2 })) },
  snapshot,
  snapshots: { snapshots: [snapshot], damaged: [] },
  "snapshot-remove": snapshot,
  rollback: change("stopped"),
  reset: change("running"),
  update: {
    name: web,
    status: "updated",
    from: digest,
    to: Digest.parse(`sha256:${"77aa0b12".repeat(8)}`),
    packages: [
      { name: "libssl3", from: "3.0.15-1", to: "3.0.16-1" },
      { name: "zlib1g", to: "1.2.13" },
    ],
    snapshot: Name.parse("before-update-20260301-120000"),
    running: true,
    tookMs: 4_210,
    gapMs: 0,
  },
  cleanse: { iscs: [{ name: web, status: "cleansed", tookMs: 131.2, address: "10.201.0.7", reachableMs: 60_412, gapMs: 0 }] },
  verify: {
    tookMs: 23.4,
    findings: [
      { isc: web, row: "root.sealed", verdict: "PASS", evidence: "erofs, read-only, digest sha256:3f9a" },
      { isc: web, row: "exec.sealed", verdict: "FAIL", evidence: "process 4712 runs /tmp/\u001b[31mx, not of the image" },
      { isc: web, row: "audit.on", verdict: "SKIP", evidence: "this kernel has no audit" },
    ],
  },
  assess: fakeAssessment,
  "policy-test": {
    isc: web,
    mode: "enforce",
    events: 812,
    steps: [
      {
        time: new Date(fakeNowMs - 60_000).toISOString(),
        seq: 4_710,
        kind: "integrity.drift",
        action: "reset",
        reason: "exec.sealed fails",
      },
      { time: new Date(fakeNowMs - 30_000).toISOString(), seq: 4_733, kind: "integrity.drift", action: "quarantine", reason: "again" },
    ],
  },
  incidents: { incidents: [{ ...incident, sizeBytes: 412_160 }] },
  "incident-show": { incident, sizeBytes: 412_160, signedBy: "77aa".repeat(16), faults: [] },
  "incident-export": { id: incident.id, file: "/tmp/web.tar", sizeBytes: 412_160 },
  quarantine: change("quarantined"),
  release: change("running"),
  destroy: change("destroyed"),
  events: {},
  "ledger-verify": {
    directory: "/var/lib/isc/ledger",
    segments: 2,
    first: 1,
    head: { seq: 12_345, hash: "5e".repeat(32) },
    count: 12_344,
    signedUpTo: 12_001,
    faults: [{ segment: "000000000001.jsonl", line: 7, what: "event 7 has been changed, or event 6 before it was replaced" }],
    tookMs: 61,
  },
  "dock-status": {
    version: "1.2.3",
    pid: 4000,
    startedAtMs: fakeNowMs - 7_200_000,
    root: "/var/lib/isc",
    run: "/run/isc",
    network: "10.201.0.0/16",
    network6: "fd15:c1a2:1a2b:1::/64",
    uids: { first: 2147483648, count: 268435456 },
    tag: "1a2b",
    iscs: { running: 1, total: 2 },
    capabilities: [
      { name: "fs-verity", present: false, detail: "kernel 6.18 without CONFIG_FS_VERITY" },
      { name: "fscrypt", present: true, detail: "ext4, AES-256-XTS" },
    ],
    rests: [{ row: "scratch.encrypted", on: "fscrypt" }],
  },
  "dock-stop": {},
  "stack-up": { stack: fakeStack.name, status: "up", steps: fakeSteps, tookMs: 3_120 },
  "stack-down": {
    stack: fakeStack.name,
    status: "down",
    steps: [
      { kind: "isc", change: "remove", what: "shop-web" },
      { kind: "isc", change: "stop", what: "shop-db", detail: "its volume data stays" },
    ],
    tookMs: 410,
  },
  "stack-diff": { stack: fakeStack.name, steps: fakeSteps },
  stacks: { stacks: [fakeStack] },
  "network-test": { stack: fakeStack.name, probes: fakeProbes, tookMs: 1_904 },
};

/** A script for the fake dock that answers every operation. */
export function scriptOf(answers: Answers = fakeAnswers): Record<OperationName, { readonly result: unknown }> {
  return Object.fromEntries(Object.entries(answers).map(([name, result]) => [name, { result }])) as Record<
    OperationName,
    { readonly result: unknown }
  >; // The same keys.
}
