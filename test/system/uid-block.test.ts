/** Docks side by side on one host: each has host uids of its own, whatever their networks, and whoever dies first. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { after, describe, test } from "node:test";
import { isProblem } from "../../src/base/problem.ts";
import { claimUidBlock, type UidBlockClaim } from "../../src/dock/uid-block.ts";
import { parseDockIdentity, uidBlocks } from "../../src/model/identity.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const web = "web" as Name;

describe("blocks of host uids", () => {
  const place = mkdtempSync("/var/tmp/isc-uids-");
  after(() => rmSync(place, { recursive: true }));

  const usual = parseDockIdentity("0b12", "10.201.0.0/16");
  assert.ok(usual);
  const claim = (root: string, identity = usual): Promise<UidBlockClaim> => claimUidBlock(identity, root, place);

  test("a dock gets the block that its network suggests, the next dock another, and each its own again", async () => {
    const anyFree = await claim("/any");
    anyFree[Symbol.dispose]();
    const { identity } = anyFree;
    const first = await claim("/one", identity);
    assert.equal(first.identity.uidBase, identity.uidBase);
    using second = await claim("/two", identity);
    assert.notEqual(second.identity.uidBase, identity.uidBase);
    first[Symbol.dispose]();
    // The block of one that is away and has nothing running may be had by others.
    const third = await claim("/three", identity);
    assert.equal(third.identity.uidBase, identity.uidBase);
    using again = await claim("/one", identity);
    assert.notEqual(again.identity.uidBase, identity.uidBase);
    third[Symbol.dispose]();
    using thirdAgain = await claim("/three", identity);
    assert.equal(thirdAgain.identity.uidBase, identity.uidBase);
  });

  test("docks that start together get one block each, and each its own", async () => {
    const roots = ["/together-1", "/together-2", "/together-3"];
    const first = await Promise.all(roots.map((root) => claim(root)));
    for (const one of first) one[Symbol.dispose]();
    const again = await Promise.all(roots.toReversed().map((root) => claim(root)));
    for (const one of again) one[Symbol.dispose]();
    const uids = first.map(({ identity }) => identity.uidBase);
    assert.equal(new Set(uids).size, roots.length);
    assert.deepEqual(again.map(({ identity }) => identity.uidBase).toReversed(), uids);
  });

  test("when others have them all, it is said who", async () => {
    const claims: UidBlockClaim[] = [];
    try {
      // Fewer may be had where docks of this machine's own run.
      const claimAll = async () => {
        for (let number = 0; number <= uidBlocks; number++) claims.push(await claim(`/root-${number}`));
      };
      const isTold = (error: unknown) =>
        isProblem(error) && /^cannot start the dock: all 8 blocks of host uids are in use by others \(.*\/root-0.*\)$/.test(error.message);
      await assert.rejects(claimAll, isTold);
      assert.equal(new Set(claims.map((one) => one.identity.uidBase)).size, claims.length);
    } finally {
      for (const one of claims) one[Symbol.dispose]();
    }
  });

  test("docks whose networks suggest the same block run ISCs side by side, each proven; kill -9 of one loses nothing", async () => {
    const startDock = async (network: string) => {
      const dock = await TestDock.start({ environment: { ISC_NET: network } });
      await dock.client.call("create", { name: web, image: await buildWeb(dock, []) });
      await dock.client.call("start", { names: [web] });
      return dock;
    };
    const failed = async (dock: TestDock) =>
      (await dock.client.call("verify", { names: [web] })).findings.filter(({ verdict }) => verdict === "FAIL");
    await using one = await startDock("10.177.16.0/20");
    await using two = await startDock("10.185.16.0/20");
    const { uidBase } = await one.readIdentity();
    assert.notEqual((await two.readIdentity()).uidBase, uidBase);
    assert.deepEqual([...(await failed(one)), ...(await failed(two))], []);
    await one.kill();
    // Its ISC runs on, so a new dock leaves its uids alone.
    await using three = await startDock("10.193.16.0/20");
    assert.notEqual((await three.readIdentity()).uidBase, uidBase);
    await one.launch();
    assert.equal((await one.readIdentity()).uidBase, uidBase);
    assert.deepEqual((await Promise.all([one, two, three].map(failed))).flat(), []);
  });
});
