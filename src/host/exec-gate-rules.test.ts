import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, decide, type GateFile, indexImage, type Occasion } from "./exec-gate-rules.ts";

const device = 40;
const runtime = { device: 1, inode: 900 };
const inodes = { init: 1, script: 2, shell: 3, service: 4, check: 5, loader: 6, extra: 7 };
const program = (path: string, inode: number, ...occasions: readonly Occasion[]): GateFile => ({
  path,
  inode,
  sha256: "",
  sizeBytes: 0,
  occasions,
});
const image = indexImage({
  digest: "sha256:0",
  device,
  programs: [
    program("/.isc/catatonit", inodes.init, "boot"),
    program("/.isc/start/web", inodes.script, "start"),
    program("/usr/bin/dash", inodes.shell, "start"),
    program("/usr/sbin/nginx", inodes.service, "always"),
    program("/usr/bin/curl", inodes.check, "session"),
    program("/lib/ld.so", inodes.loader, "always"),
    program("/usr/bin/perl", inodes.extra),
  ],
  loaders: [inodes.loader],
  held: ["/usr/bin/perl"],
});

const ask = (inode: number, caller: Asked["caller"], more: Partial<Asked> = {}) =>
  decide({ kind: "execute", image, inode, caller, isFirst: false, ...more });
const by = (inode: number) => ({ device, inode });
const reasonOf = (decision: ReturnType<typeof decide>) => (decision.allow ? "allowed" : decision.reason);

test("what always may run is remembered, whoever asks", () => {
  for (const caller of [runtime, by(inodes.service), undefined])
    assert.deepEqual(ask(inodes.service, caller), { allow: true, remember: true, file: image.programs.get(inodes.service) });
});

test("what is not on an image, or not in its list, never runs", () => {
  assert.equal(reasonOf(ask(inodes.service, runtime, { image: undefined })), "foreign");
  assert.equal(reasonOf(ask(4_711, runtime)), "unlisted");
});

test("process 1's program is the OCI runtime's to start, once", () => {
  const first = ask(inodes.init, runtime, { isFirst: true });
  assert.ok(first.allow && !first.remember);
  assert.equal(reasonOf(ask(inodes.init, runtime)), "not-now", "an exec");
  assert.equal(reasonOf(ask(inodes.init, by(inodes.service))), "not-now", "from inside");
});

test("a start script and its shell run for process 1 and for each other, not for the service", () => {
  assert.equal(reasonOf(ask(inodes.script, by(inodes.init))), "allowed");
  assert.equal(reasonOf(ask(inodes.shell, by(inodes.init))), "allowed");
  assert.equal(reasonOf(ask(inodes.shell, by(inodes.shell))), "allowed");
  for (const caller of [by(inodes.service), runtime, undefined, { device: 41, inode: inodes.init }])
    assert.equal(reasonOf(ask(inodes.shell, caller)), "not-now");
});

test("the health check's command runs for the dock's sessions", () => {
  assert.equal(reasonOf(ask(inodes.check, runtime)), "allowed");
  assert.equal(reasonOf(ask(inodes.check, by(inodes.service))), "not-now");
});

test("a program that nothing names does not run", () => {
  assert.equal(reasonOf(ask(inodes.extra, runtime)), "not-named");
});

test("whoever reads a program may, but a loader that has become the process", () => {
  assert.equal(reasonOf(ask(inodes.extra, by(inodes.service), { kind: "open" })), "allowed");
  assert.equal(reasonOf(ask(inodes.extra, runtime, { kind: "open" })), "allowed");
  assert.equal(reasonOf(ask(inodes.extra, by(inodes.loader), { kind: "open" })), "loaded");
});
