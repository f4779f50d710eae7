import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDpkgStatus } from "./dpkg.ts";

test("only what is installed is listed, by name, with its source package where that differs", () => {
  const status = [
    "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: zlib (1:1.2.13)\nVersion: 1:1.2.13.dfsg-1\nDescription: x\n Package: not-me",
    "Package: apt\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.6.1",
    "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1",
    "nonsense",
  ].join("\n\n");
  assert.deepEqual(parseDpkgStatus(status), [
    { name: "apt", version: "2.6.1", architecture: "amd64" },
    { name: "zlib1g", version: "1:1.2.13.dfsg-1", architecture: "amd64", source: "zlib" },
  ]);
  assert.deepEqual(parseDpkgStatus(""), []);
});
