import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDockAddress } from "./dock-address.ts";
import { parsePlaceArgument, parsePortArgument } from "./exposure-argument.ts";
import { parseNameArgument, parseNameArguments, parseSnapshotArgument } from "./name-argument.ts";
import { renderExposure } from "./output/words.ts";

test("a name is checked before anything is asked, with the rule and a better one", () => {
  assert.equal(parseNameArgument("web-1"), "web-1");
  assert.throws(() => parseNameArgument("Web_1"), { code: "NAME_INVALID", hint: "for example: web-1" });
  assert.throws(() => parseNameArgument(""), { code: "NAME_INVALID" });
  assert.throws(() => parseNameArgument("../x"), { code: "NAME_INVALID" });
});

test("a name given twice is meant once", () => {
  assert.deepEqual(parseNameArguments(["web", "db", "web"]), ["web", "db"]);
});

test("a snapshot is NAME@SNAPSHOT", () => {
  assert.deepEqual(parseSnapshotArgument("db@a-1"), { name: "db", snapshot: "a-1" });
  for (const text of ["db", "db@a@b"]) assert.throws(() => parseSnapshotArgument(text), { code: "USAGE" });
  for (const text of ["@a", "db@"]) assert.throws(() => parseSnapshotArgument(text), { code: "NAME_INVALID" });
});

test("a port is a number with or without its protocol", () => {
  assert.deepEqual(parsePortArgument("80"), { port: 80, protocol: "tcp" });
  assert.deepEqual(parsePortArgument("53/udp"), { port: 53, protocol: "udp" });
  for (const text of ["", "0", "65536", "http", "80/sctp", "-1", "8 0", "1e3"])
    assert.throws(() => parsePortArgument(text), { code: "USAGE" });
});

test("the place of an exposure comes back from how it is shown", () => {
  const address = fc.option(fc.oneof(fc.ipV4(), fc.ipV6()), { nil: undefined });
  fc.assert(
    fc.property(address, fc.integer({ min: 1, max: 65_535 }), (at, hostPort) => {
      const place = at === undefined ? { hostPort } : { hostPort, address: at };
      assert.deepEqual(parsePlaceArgument(renderExposure({ ...place, port: 80, protocol: "tcp" }).split("→")[0] ?? ""), place);
    }),
  );
  for (const text of ["", ":80", "::1:80", "host:80", "1.2.3.4", "1.2.3.4:0"])
    assert.throws(() => parsePlaceArgument(text), { code: "USAGE" });
});

test("a dock is a path, or a host that ssh knows", () => {
  assert.deepEqual(parseDockAddress("/run/isc/dock.sock"), { kind: "socket", path: "/run/isc/dock.sock" });
  assert.deepEqual(parseDockAddress("unix:/a"), { kind: "socket", path: "/a" });
  assert.deepEqual(parseDockAddress("unix:///a"), { kind: "socket", path: "/a" });
  assert.deepEqual(parseDockAddress("ssh://root@box:2222"), { kind: "ssh", destination: "root@box", port: 2222 });
  assert.deepEqual(parseDockAddress("ssh://box"), { kind: "ssh", destination: "box", port: undefined });
  assert.deepEqual(parseDockAddress("ssh://[fd15::1]:22"), { kind: "ssh", destination: "fd15::1", port: 22 });
});

test("no word of --dock can become an option of ssh", () => {
  for (const text of ["ssh://-oProxyCommand=x", "ssh://", "ssh://a b", "ssh://-l@box", "http://box", ""]) {
    assert.throws(() => parseDockAddress(text), { code: "USAGE" }, text);
  }
});
