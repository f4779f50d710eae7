import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { detectCapabilities } from "../../src/engine/capabilities.ts";
import { withPrivateArea } from "./private-area.ts";

test("what a host can do is found quickly, and looking leaves nothing", async () => {
  await withPrivateArea(async (area) => {
    const started = area.host.monotonic();
    const capabilities = await detectCapabilities(area.host, area.layout);
    const tookMs = area.host.monotonic() - started;
    const presence = new Map(capabilities.map(({ name, present }) => [name, present]));
    assert.equal(presence.size, capabilities.length, "no name comes twice");
    for (const name of ["kernel", "erofs", "idmapped-mounts", "user-namespaces", "seccomp", "nftables", "cgroups", "crun", "conmon"]) {
      assert.equal(presence.get(name), true, JSON.stringify(capabilities.find((capability) => capability.name === name)));
    }
    for (const { name, detail } of capabilities) assert.notEqual(detail, "", name);
    // The aim is 150 ms on an idle machine.
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
    assert.deepEqual(readdirSync(area.layout.temporary), []);
  });
});
