import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContractRow, contractRows } from "../../model/finding.ts";
import type { LedgerFault } from "../../model/ledger.ts";
import { checkContract } from "./check-contract.ts";
import type { AuditFacts, ImageFileSummary, IscFacts, MountFacts, PlaceFacts, ScratchFacts } from "./facts.ts";
import {
  fakeFacts,
  fakeIdentity,
  fakeLive,
  fakeMount,
  fakeMounts,
  fakeProcess,
  namespacesOf,
  withLive,
  withMount,
  withPosture,
  withProcess,
  withThread,
} from "./fake-facts.ts";

const failed = (facts: IscFacts) =>
  checkContract(facts)
    .filter(({ verdict }) => verdict === "FAIL")
    .map(({ row }) => row);
const evidenceOf = (facts: IscFacts, row: ContractRow) => checkContract(facts).find((finding) => finding.row === row)?.evidence ?? "";

test("an ISC that keeps every promise passes every row, in the contract's order", () => {
  const findings = checkContract(fakeFacts);
  assert.deepEqual(
    findings.map(({ row }) => row),
    contractRows,
  );
  assert.deepEqual(failed(fakeFacts), []);
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "SKIP").map(({ row }) => row),
    [],
  );
});

const seen = <T>(value: { readonly seen: T } | { readonly unseen: string }): T => {
  assert.ok("seen" in value);
  return value.seen;
};
const firewall = seen(fakeLive.firewall);
const network = seen(fakeLive.network);
const scratch: ScratchFacts = seen(fakeLive.scratch);
const [place] = scratch.places as readonly [PlaceFacts];
const withFirewall = (change: object) => withLive({ firewall: { seen: { ...firewall, ...change } } });
const withNetwork = (change: object) => withLive({ network: { seen: { ...network, ...change } } });
const withScratch = (change: Partial<ScratchFacts>) => withLive({ scratch: { seen: { ...scratch, ...change } } });
const withLimit = (controller: "memory" | "cpu" | "pids", change: object) =>
  withLive({ limits: { ...fakeLive.limits, [controller]: { seen: { ...seen(fakeLive.limits[controller]), ...change } } } });
const replaced = (mountPoint: string, fields: Partial<MountFacts>) =>
  withLive({ mounts: fakeMounts.map((mount) => (mount.mountPoint === mountPoint ? { ...mount, ...fields } : mount)) });
const without = (mountPoint: string) => withLive({ mounts: fakeMounts.filter((mount) => mount.mountPoint !== mountPoint) });
const withLedgerFault = (fault: LedgerFault): IscFacts => ({
  ...fakeFacts,
  ledger: { seen: { ...seen(fakeFacts.ledger), faults: [fault] } },
});
const withImage = (change: Partial<IscFacts["image"]>): IscFacts => ({ ...fakeFacts, image: { ...fakeFacts.image, ...change } });
const withFiles = (change: Partial<ImageFileSummary>) => {
  const { files } = fakeFacts.image;
  assert.ok("seen" in files);
  return withImage({ files: { seen: { ...files.seen, ...change } } });
};
const other = fakeFacts.others[0] as IscFacts["own"];
const outside = [fakeProcess()];

const spoiled: readonly (readonly [ContractRow, string, IscFacts])[] = [
  ["net.inbound", "a changed chain", withFirewall({ parts: [{ part: "chain inbound", change: "changed" }] })],
  ["net.inbound", "a chain of somebody else", withFirewall({ parts: [{ part: "chain evil", change: "extra" }] })],
  ["net.inbound", "an undeclared port", withFirewall({ extra: [{ set: "listen4", text: "a" }] })],
  ["net.inbound", "a foreign rule", withFirewall({ foreign: ["a foreign rule"] })],
  ["net.outbound", "a changed chain", withFirewall({ parts: [{ part: "chain outbound", change: "changed" }] })],
  ["net.outbound", "a missing element", withFirewall({ missing: [{ set: "connect6", text: "a" }] })],
  [
    "net.outbound",
    "another link",
    withNetwork({ insideLinks: [...network.insideLinks, { name: "x", index: 3, peerIndex: undefined, up: true }] }),
  ],
  ["net.outbound", "a link that leads elsewhere", withNetwork({ insideLinks: [{ name: "eth0", index: 2, peerIndex: 77, up: true }] })],
  ["net.spoof", "a changed chain", withFirewall({ parts: [{ part: "chain sources", change: "missing" }] })],
  ["net.spoof", "a source let through", withFirewall({ extra: [{ set: "sources6", text: "a" }] })],
  ["net.spoof", "no reverse path filter", withNetwork({ hostEnds: network.hostEnds.map((end) => ({ ...end, reversePathFilter: "0" })) })],
  ["net.spoof", "a link that is down", withNetwork({ hostEnds: network.hostEnds.map((end) => ({ ...end, link: undefined })) })],
  ["net.spoof", "a further address", withNetwork({ insideAddresses: [...network.insideAddresses, "192.0.2.7/32"] })],
  ["net.spoof", "no address", withNetwork({ insideAddresses: [] })],
  ["files.minimal", "a setuid file", withFiles({ setId: ["/usr/bin/su"] })],
  ["files.minimal", "a package manager", withFiles({ packageManagers: ["/usr/bin/apt"] })],
  ["files.minimal", "a list that was changed", withImage({ files: { broken: "not the signed list" } })],
  ["root.sealed", "another digest", withImage({ measured: { seen: { digest: "sha256:00", how: "read" } } })],
  ["root.sealed", "an image file that is gone", withImage({ measured: { unseen: "the image file is missing" } })],
  ["root.sealed", "a writable root", replaced("/", { options: ["rw", "nosuid", "nodev"] })],
  ["root.sealed", "an image mount of another file", withLive({ seal: { ...fakeLive.seal, mountedFile: "/other" } })],
  ["root.sealed", "a mount over a sealed place", withMount("/usr", { options: ["ro", "nosuid", "nodev", "noexec"] })],
  ["root.signed", "no signature", withImage({ signature: { broken: "it has no signature" } })],
  ["write.noexec", "an executable place", replaced("/tmp", { options: ["rw", "nosuid", "nodev"] })],
  ["write.declared", "an undeclared place", withMount("/opt", {})],
  ["kernel.masked", "an uncovered file", without("/proc/keys")],
  ["kernel.masked", "writable settings", replaced("/proc/sys", { options: ["rw", "nosuid", "nodev", "noexec"] })],
  [
    "ns.own",
    "a namespace of the host",
    withLive({ hostNamespaces: [{ whose: "the host", namespaces: { ...namespacesOf(1), uts: "uts:[1003]" } }] }),
  ],
  ["ns.own", "a namespace of another ISC", { ...fakeFacts, others: [{ ...other, namespaces: namespacesOf(1000) }] }],
  ["ns.own", "a process elsewhere", withProcess({ namespaces: { ...namespacesOf(1000), ipc: "ipc:[9]" } })],
  ["ns.own", "a guest", withLive({ strays: [{ pid: 7, name: "sh", sharedNamespaces: ["mnt"], uid: undefined }] })],
  ["uid.range", "another map", withProcess({ uidMap: [{ inside: 0, host: 0, count: 4_294_967_295 }] })],
  ["uid.range", "a group of the host", withThread({ groups: [0] })],
  ["uid.range", "a guest with its uid", withLive({ strays: [{ pid: 7, name: "sh", sharedNamespaces: [], uid: fakeIdentity.uidBase }] })],
  [
    "caps.none",
    "a capability in one thread",
    withThread({ capabilities: { CapInh: 0n, CapPrm: 0n, CapEff: 1024n, CapBnd: 0n, CapAmb: 0n } }),
  ],
  ["nnp", "one thread without", withThread({ noNewPrivileges: false })],
  ["seccomp", "one thread without a filter", withThread({ seccomp: 0, seccompFilters: 0 })],
  ["seccomp", "another profile", withLive({ seccomp: { profile: { seen: "other" } } })],
  ["limit.memory", "no limit", withLimit("memory", { value: undefined })],
  ["limit.memory", "a process outside", withLimit("memory", { outside })],
  ["limit.cpu", "another limit", withLimit("cpu", { value: 51 })],
  ["limit.pids", "a lower limit than declared", withLimit("pids", { value: 31 })],
  ["scratch.quota", "more room", withScratch({ space: { seen: [{ what: "scratch", limitBytes: 2 ** 27, declaredBytes: 2 ** 26 }] } })],
  [
    "scratch.quota",
    "a volume without limit",
    withScratch({ space: { seen: [{ what: "volume data", limitBytes: undefined, declaredBytes: 1 }] } }),
  ],
  ["scratch.encrypted", "no key", withScratch({ places: [{ ...place, keyIdentifier: undefined }] })],
  ["scratch.encrypted", "a place elsewhere", withScratch({ places: [{ ...place, mount: fakeMount("/tmp", { device: "0:99" }) }] })],
  ["scratch.encrypted", "no scratch", withScratch({ device: undefined })],
  ["identity.unique", "a slot of two", { ...fakeFacts, others: [{ ...other, slot: 1 }] }],
  ["identity.unique", "a key of two", { ...fakeFacts, others: [{ ...other, keyIdentifiers: fakeFacts.own.keyIdentifiers }] }],
  ["identity.unique", "the host's machine-id", { ...fakeFacts, host: { ...fakeFacts.host, machineId: fakeFacts.own.machineId } }],
  ["identity.unique", "another machine-id inside", withLive({ machineIdInside: "0".repeat(32) })],
  [
    "identity.unique",
    "subordinate uids in its range",
    { ...fakeFacts, host: { ...fakeFacts.host, claims: [{ who: "lxc", first: fakeIdentity.uidBase - 1, count: 2 }] } },
  ],
  ["audit.on", "a rule taken out", withAudit({ missing: 1 })],
  ["audit.on", "a rule under its key that is not the dock's", withAudit({ extra: 1 })],
  ["audit.on", "audit switched off", withAudit({ enabled: false })],
  ["audit.on", "a process that logged in as somebody else", withProcess({ loginUid: 1_000 })],
  ["audit.on", "a process without login id", withProcess({ loginUid: 0xffff_ffff })],
  ["ledger.chained", "a changed event", withLedgerFault({ segment: "000000000001.jsonl", line: 7, what: "event 7 has been changed" })],
];

for (const [row, title, facts] of spoiled) {
  test(`${row} alone fails on ${title}`, () => {
    assert.deepEqual(failed(facts), [row]);
    assert.ok(!evidenceOf(facts, row).includes("\n"));
  });
}

test("code that is writable, anonymous or from elsewhere fails wx or exec.sealed", () => {
  const code = (fields: object) =>
    withProcess({ code: [...fakeProcess().code, { range: "5-6", permissions: "r-xp", device: "0:0", inode: "0", path: "", ...fields }] });
  assert.deepEqual(failed(code({ permissions: "rwxp" })), ["wx"]);
  assert.deepEqual(failed(code({ path: "/memfd:x (deleted)", device: "0:1" })), ["wx"]);
  const written = code({ path: "/usr/sbin/nginx", device: "0:40", ownPages: 2 });
  assert.deepEqual(failed(written), ["wx"]);
  assert.match(evidenceOf(written, "wx"), /5-6 r-xp \/usr\/sbin\/nginx, 2 pages of code written over$/);
  assert.deepEqual(failed(withProcess({ codeUnseen: "65000 mappings of code" })), ["wx"]);
  assert.deepEqual(failed(code({ path: "/usr/lib/libx.so", device: "0:40" })), ["exec.sealed"]);
  assert.deepEqual(failed(code({ path: "/usr/sbin/nginx", device: "8:1" })), ["exec.sealed"]);
  assert.deepEqual(failed(code({ path: "/usr/sbin/nginx (deleted)", device: "0:40" })), ["exec.sealed"]);
  assert.deepEqual(failed(withProcess({ executable: "/tmp/x" })), ["exec.sealed"]);
});

test("audit that cannot be had or heard is skipped, with the reason", () => {
  for (const facts of [{ ...fakeFacts, audit: { unseen: "open audit: EPERM" } }, withAudit({ heard: "open audit: EPERM", missing: 10 })]) {
    const finding = checkContract(facts).find(({ row }) => row === "audit.on");
    assert.equal(finding?.verdict, "SKIP");
    assert.match(finding?.evidence ?? "", /EPERM/);
  }
});

test("light audit passes, and is named as the exception that it is", () => {
  const light = withAudit({ level: "light", rules: 0 });
  assert.deepEqual(failed(light), []);
  assert.match(evidenceOf(light, "audit.on"), /light by dock\.yaml, a declared exception/);
  assert.deepEqual(failed(withAudit({ level: "light", rules: 0, extra: 1 })), ["audit.on"]);
});

test("a stopped ISC answers for its image and its identity only", () => {
  const findings = checkContract({ ...fakeFacts, live: { unseen: "not running" } });
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "PASS").map(({ row }) => row),
    ["files.minimal", "root.sealed", "root.signed", "identity.unique", "ledger.chained"],
  );
  assert.ok(findings.every(({ verdict }) => verdict !== "FAIL"));
});

test("what is loosened by declaration passes, and the evidence names it", () => {
  const capabilities = { CapInh: 0n, CapPrm: 1024n, CapEff: 1024n, CapBnd: 1024n, CapAmb: 0n };
  const rights = { capabilities: ["CAP_NET_BIND_SERVICE"], syscalls: ["memfd_create"], writableCode: true };
  const code = [...fakeProcess().code, { range: "5-6", permissions: "rwxp", device: "0:0", inode: "0", path: "" }];
  const loose = withPosture({ rights, writes: "flexible" }, withThread({ capabilities }));
  const jit = withPosture({ rights }, withProcess({ code }));
  assert.deepEqual(failed(loose), []);
  assert.deepEqual(failed(jit), []);
  assert.match(evidenceOf(loose, "caps.none"), /declared exception CAP_NET_BIND_SERVICE/);
  assert.match(evidenceOf(loose, "seccomp"), /declared exception memfd_create/);
  assert.match(evidenceOf(loose, "write.declared"), /declared exception: writes flexible/);
  assert.match(evidenceOf(jit, "wx"), /declared exception/);
});

test("what goes on inside a gVisor sandbox is skipped, with the reason", () => {
  const findings = checkContract(withLive({ runtime: "runsc" }));
  const skipped = findings.filter(({ verdict }) => verdict === "SKIP");
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict === "FAIL"),
    [],
  );
  for (const row of ["caps.none", "nnp", "seccomp", "wx", "exec.sealed", "write.noexec", "kernel.masked"] as const) {
    assert.match(skipped.find((finding) => finding.row === row)?.evidence ?? "", /^gVisor: /);
  }
});

test("what could not be looked at is skipped, and says why", () => {
  const facts = withLive({ firewall: { unseen: "nft: no" }, network: { unseen: "no link" }, scratch: { unseen: "no mount" } });
  const skipped = checkContract(facts).filter(({ verdict }) => verdict === "SKIP");
  assert.deepEqual(failed(facts), []);
  assert.ok(skipped.some(({ row, evidence }) => row === "net.inbound" && evidence === "nft: no"));
  assert.ok(skipped.some(({ row, evidence }) => row === "scratch.quota" && evidence === "no mount"));
});

function withAudit(change: Partial<AuditFacts>): IscFacts {
  return "seen" in fakeFacts.audit ? { ...fakeFacts, audit: { seen: { ...fakeFacts.audit.seen, ...change } } } : fakeFacts;
}
