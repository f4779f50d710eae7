import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { archiveFileName, debianNamePattern, packageSelection, parseAcquireLines, parseAptChoices } from "./apt-get.ts";

const sample = readFileSync(new URL("./samples/apt-get-2.6.1-simulate.txt", import.meta.url), "utf8");

test("what apt-get would install is read with version and architecture, by name", () => {
  const choices = parseAptChoices(sample);
  assert.equal(choices.length, [...sample.matchAll(/^Inst /gm)].length);
  assert.deepEqual(
    choices.map((choice) => choice.name),
    choices.map((choice) => choice.name).toSorted(),
  );
  assert.deepEqual(
    choices.find((choice) => choice.name === "nginx-light"),
    { name: "nginx-light", version: "1.22.1-9+deb12u11", architecture: "all" },
  );
});

test("an upgrade counts with its new version, a foreign package without its architecture's suffix", () => {
  const text =
    "Inst a [1:1.0-1] (1:1.1-1 Debian:12.1/stable, Debian-Security:12/stable-security [all])\nInst libb:i386 (2 Debian:12.1/stable [i386])\nConf a (1:1.1-1 x [all])\n";
  assert.deepEqual(parseAptChoices(text), [
    { name: "a", version: "1:1.1-1", architecture: "all" },
    { name: "libb", version: "2", architecture: "i386" },
  ]);
});

test("an epoch's colon is quoted in the name of the package file", () => {
  assert.equal(
    archiveFileName({ name: "redis", version: "5:7.0.15-1~deb12u5", architecture: "amd64" }),
    "redis_5%3a7.0.15-1~deb12u5_amd64.deb",
  );
});

test("of the machine's configuration only the way to the mirrors is taken", () => {
  const dump =
    'APT "";\nAcquire "";\nAcquire::http "";\nAcquire::http::Proxy "http://127.0.0.1:3142";\nAcquire::Languages "none";\nDPkg::Pre-Install-Pkgs:: "rm";\nAcquire::Retries "3";\n';
  assert.deepEqual(parseAcquireLines(dump), ['Acquire::http::Proxy "http://127.0.0.1:3142";', 'Acquire::Retries "3";']);
});

test("no name of a package is ever taken for an option", () => {
  for (const name of ["-o", "--help", "a b", "a\nb", "", "A", "../x", "a=1", "a/b"]) assert.ok(!debianNamePattern.test(name), name);
  for (const name of ["nginx-light", "g++", "libstdc++6", "python3.11", "0ad"]) assert.ok(debianNamePattern.test(name), name);
  assert.deepEqual(packageSelection(["a", "b"]), ["install", "--", "a", "b"]);
});
