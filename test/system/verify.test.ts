/** Verify, shown to work: everything holds on a fresh ISC, and each promise that is broken on purpose is the one that fails. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type ContractRow, contractRows, type Finding } from "../../src/model/finding.ts";
import { IscRecord } from "../../src/model/isc.ts";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { hasAudit } from "./support/kernel-audit.ts";
import { assertRefused } from "./support/refusal.ts";
import { auditBreakages } from "./verify/breakages-audit.ts";
import { imageBreakages } from "./verify/breakages-image.ts";
import { networkBreakages } from "./verify/breakages-network.ts";
import { resourceBreakages } from "./verify/breakages-resources.ts";
import { rightsBreakages } from "./verify/breakages-rights.ts";
import { Victim } from "./verify/victim.ts";

const web = "web" as Name;
const breakages = [...auditBreakages, ...networkBreakages, ...imageBreakages, ...rightsBreakages, ...resourceBreakages];
/** Rows that this machine cannot answer, and those that a stopped ISC still answers. */
const later: readonly ContractRow[] = hasAudit() ? [] : ["audit.on"];
const knownOfStopped: readonly ContractRow[] = ["files.minimal", "root.sealed", "root.signed", "identity.unique", "ledger.chained"];

describe("verify", () => {
  let dock: TestDock;
  let victim: Victim;

  const verify = async (...names: Name[]): Promise<readonly Finding[]> => (await dock.client.call("verify", { names })).findings;
  const startFresh = async (name: Name) => {
    const { digest } = await buildReady(dock, "nginx");
    await dock.client.call("create", { name, image: digest });
    await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [name] });
  };

  before(async () => {
    dock = await TestDock.start({ config: "respond: { mode: observe }\nfirewall: { restore: false }" });
    await startFresh(web);
    victim = await Victim.of(dock, web);
  });

  after(() => dock[Symbol.asyncDispose]());

  test("a fresh ISC keeps every promise", async () => {
    const findings = await verify(web);
    assert.deepEqual(
      findings.map(({ row }) => row),
      contractRows,
    );
    assert.deepEqual(describeAll(findings, "FAIL"), []);
    assert.deepEqual(rowsOf(findings, "SKIP"), later);
    for (const { evidence } of findings) assert.ok(evidence.length > 10 && !evidence.includes("\n"), evidence);
  });

  test("reading the whole image again changes nothing", async () => {
    const { findings } = await dock.client.call("verify", { names: [web], full: true });
    assert.deepEqual(describeAll(findings, "FAIL"), []);
    assert.match(findings.find(({ row }) => row === "root.sealed")?.evidence ?? "", /read just now/);
  });

  test("commands that come and go inside are no drift", async () => {
    const command = ["/bin/sh", "-c", "exit 0"];
    const commands = Promise.all(Array.from({ length: 6 }, () => dock.client.call("exec", { name: web, command })));
    for (let round = 0; round < 4; round += 1) assert.deepEqual(describeAll(await verify(web), "FAIL"), []);
    await commands;
  });

  for (const { title, row, also = [], act } of breakages) {
    test(`${row} fails on ${title}`, async () => {
      const repair = await act(victim);
      try {
        const failed = rowsOf(await verify(web), "FAIL");
        assert.deepEqual(failed.toSorted(), [row, ...also].toSorted());
      } finally {
        await repair();
      }
      assert.deepEqual(describeAll(await verify(web), "FAIL"), [], "after the repair");
    });
  }

  test("every row of this version has been broken", () => {
    const broken = new Set(breakages.map(({ row }) => row));
    assert.deepEqual(
      contractRows.filter((row) => !broken.has(row)),
      later,
    );
  });

  test("a reset brings back a tampered ISC", async () => {
    victim.mount("-t", "tmpfs", "extra", "/opt");
    victim.mount("-t", "tmpfs", "plain", "/tmp");
    assert.deepEqual(rowsOf(await verify(web), "FAIL").toSorted(), ["scratch.encrypted", "write.declared", "write.noexec"]);
    await victim.reset();
    assert.deepEqual(describeAll(await verify(web), "FAIL"), []);
  });

  test("two ISCs with one identity are both told, and neither is mistaken for the other before", async () => {
    const copy = "copy" as Name;
    await dock.client.call("clone", { source: web, name: copy, start: true });
    assert.deepEqual(describeAll(await verify(web, copy), "FAIL"), []);
    await dock.client.call("stop", { names: [copy] });
    await dock.quit();
    const file = dock.layout.isc.record(copy);
    const before = readFileSync(file, "utf8");
    const original = IscRecord.parse(JSON.parse(readFileSync(dock.layout.isc.record(web), "utf8")));
    writeFileSync(file, JSON.stringify({ ...JSON.parse(before), machineId: original.machineId }));
    await dock.launch();
    const failed = (await verify(web, copy)).filter(({ verdict }) => verdict === "FAIL");
    assert.deepEqual(
      failed.map(({ isc, row }) => `${isc} ${row}`),
      ["web identity.unique", "copy identity.unique"],
    );
    await dock.quit();
    writeFileSync(file, before);
    await dock.launch();
    assert.deepEqual(describeAll(await verify(web, copy), "FAIL"), []);
    await dock.client.call("destroy", { names: [copy] });
  });

  test("a slot that two ISCs share is told of both, keeps the second from starting, and costs the first nothing", async () => {
    const [lost, taker] = ["lost" as Name, "taker" as Name];
    const restart = async () => {
      await dock.quit();
      await dock.launch();
    };
    const slotOf = async (name: Name) => (await dock.client.call("show", { name })).record.slot;
    const pidOf = async (name: Name) => (await dock.client.call("list", {})).iscs.find((isc) => isc.name === name)?.pid;
    await dock.client.call("clone", { source: web, name: lost });
    const slot = await slotOf(lost);
    // As it happens: a record is damaged, another ISC gets the slot, and the record is put back from a backup.
    const file = dock.layout.isc.record(lost);
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, "{");
    await restart();
    await dock.client.call("clone", { source: web, name: taker, start: true });
    assert.equal(await slotOf(taker), slot);
    const pid = await pidOf(taker);
    writeFileSync(file, whole);
    await restart();
    const told = async () => (await verify(web, lost, taker)).filter(({ verdict }) => verdict === "FAIL");
    assert.deepEqual(
      (await told()).map(({ isc, row }) => `${isc} ${row}`),
      ["lost identity.unique", "taker identity.unique"],
    );
    for (const { isc, evidence } of await told()) {
      assert.match(
        evidence,
        new RegExp(`its slot ${slot}, and with it address and uid range, is also that of ISC ${isc === lost ? taker : lost}`),
      );
    }
    const { message } = await assertRefused(
      dock,
      () => dock.client.call("start", { names: [lost] }),
      "STATE_DAMAGED",
      /^cannot start lost: /,
    );
    assert.equal(message, `cannot start lost: its state file ${file} gives it slot ${slot}, on which ISC taker runs`);
    assert.equal(await pidOf(taker), pid);
    assert.deepEqual(
      (await verify(taker)).filter(({ verdict }) => verdict === "FAIL").map(({ row }) => row),
      ["identity.unique"],
    );
    await dock.client.call("destroy", { names: [lost] });
    assert.equal(await pidOf(taker), pid);
    assert.deepEqual(describeAll(await verify(web, taker), "FAIL"), [], "destroying the one took nothing from the other");
    await dock.client.call("destroy", { names: [taker] });
  });

  test("of a stopped ISC only the image and its identity are known", async () => {
    await dock.client.call("stop", { names: [web] });
    const findings = await verify(web);
    assert.deepEqual(rowsOf(findings, "FAIL"), []);
    assert.deepEqual(rowsOf(findings, "PASS").toSorted(), knownOfStopped.toSorted());
    const file = dock.layout.image.erofs(victim.record.image);
    victim.flipByte(file, 4096);
    assert.deepEqual(rowsOf(await verify(web), "FAIL"), ["root.sealed"]);
    victim.flipByte(file, 4096);
    assert.deepEqual(rowsOf(await verify(web), "FAIL"), []);
  });

  test("what a blueprint loosens passes, and the evidence names the exception", async () => {
    const folder = mkdtempSync(path.join("/var/tmp", "isc-loose-"));
    try {
      const blueprint = path.join(folder, "loose.yaml");
      writeFileSync(blueprint, looseBlueprint);
      copyFileSync(path.join(path.dirname(blueprintPath("nginx")), "site.conf"), path.join(folder, "site.conf"));
      const { digest } = await dock.client.call("build", { blueprint });
      const loose = "loose" as Name;
      await dock.client.call("create", { name: loose, image: digest });
      await dock.client.call("start", { names: [loose] });
      const findings = await verify(loose);
      assert.deepEqual(describeAll(findings, "FAIL"), []);
      const evidence = (row: ContractRow) => findings.find((finding) => finding.row === row)?.evidence ?? "";
      assert.match(evidence("caps.none"), /CAP_NET_BIND_SERVICE/);
      assert.match(evidence("wx"), /writable-code/);
      assert.match(evidence("seccomp"), /memfd_create/);
      assert.match(evidence("write.declared"), /flexible/);
      assert.match(evidence("net.outbound"), /1 declared/);
      assert.match(evidence("scratch.quota"), /volume data/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The quickstart's service with everything loosened that can be. */
const looseBlueprint = `isc: 1
name: loose
from: { debian: bookworm, packages: [nginx-light] }
services: { nginx: {} }
files: { /etc/nginx/sites-enabled/default: ./site.conf }
network: { listen: [80], connect: ["192.0.2.10:443"] }
volumes: { data: { at: /srv/data, size: 32MiB } }
writes: flexible
rights: { capabilities: [CAP_NET_BIND_SERVICE], syscalls: [memfd_create], writable-code: true }
`;

function rowsOf(findings: readonly Finding[], verdict: Finding["verdict"]): readonly ContractRow[] {
  return findings.filter((finding) => finding.verdict === verdict).map(({ row }) => row);
}

function describeAll(findings: readonly Finding[], verdict: Finding["verdict"]): readonly string[] {
  return findings.filter((finding) => finding.verdict === verdict).map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`);
}
