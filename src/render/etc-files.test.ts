import assert from "node:assert/strict";
import { test } from "node:test";
import { Name } from "../model/name.ts";
import { etcFileNames, renderEtcFiles } from "./etc-files.ts";

const files = renderEtcFiles({
  record: { name: Name.parse("web"), machineId: "0123456789abcdef0123456789abcdef" },
  identity: { address: "10.201.0.2", address6: "fd15:cab1:ab12:1::2" },
  hosts: [
    { name: "db", addresses: ["10.201.0.3", "fd15:cab1:ab12:1::3"] },
    { name: "deb.example.org", addresses: ["192.0.2.7"] },
    { name: "web", addresses: ["192.0.2.66"] },
    { name: "db", addresses: ["10.201.0.3"] },
  ],
});

test("an ISC finds itself and its declared connections by name, each once, and nothing overrules its own name", () => {
  assert.equal(
    files.hosts,
    [
      "127.0.0.1 localhost",
      "::1 localhost ip6-localhost ip6-loopback",
      "10.201.0.2 web",
      "fd15:cab1:ab12:1::2 web",
      "10.201.0.3 db",
      "fd15:cab1:ab12:1::3 db",
      "192.0.2.7 deb.example.org",
      "",
    ].join("\n"),
  );
});

test("there is no DNS to ask, and an identity of one's own", () => {
  assert.deepEqual(Object.keys(files).sort(), [...etcFileNames].sort());
  assert.equal(files["resolv.conf"], "");
  assert.equal(files["machine-id"], "0123456789abcdef0123456789abcdef\n");
  assert.equal(files.hostname, "web\n");
});
