/** The integrity sensor: what the host's root does to a running ISC is seen by itself, told once, and told again when it is undone. */
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { Victim } from "./verify/victim.ts";

const web = Name.parse("web");

describe("the integrity sensor", () => {
  let dock: TestDock;
  let victim: Victim;
  let imageFile: string;
  let config: string;

  before(async () => {
    config = path.join(mkdtempSync(path.join(tmpdir(), "isc-config-")), "dock.yaml");
    writeFileSync(config, "dock: 1\nintegrity: { every: 500ms }\nrespond: { mode: observe }\nfirewall: { restore: false }\n");
    dock = await TestDock.start({ environment: { ISC_CONFIG: config } });
    const { digest } = await buildReady(dock, "nginx");
    imageFile = dock.layout.image.erofs(digest);
    await dock.client.call("create", { name: web, image: digest });
    await dock.client.call("start", { names: [web] });
    victim = await Victim.of(dock, web);
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(path.dirname(config), { recursive: true });
  });

  /** A drift is only looked for every few seconds. */
  const told = (kind: string, seq: number) => waitForEvent(dock, (event) => event.kind === kind && event.isc === web, 30_000, seq);

  test("another mount in the ISC is seen, and that it is gone again", async () => {
    const seq = lastSeq(dock);
    victim.mount("-t", "tmpfs", "-o", "nosuid,nodev,noexec", "extra", "/opt");
    const drift = await told("integrity.drift", seq);
    assert.deepEqual([drift.isc, drift.severity, drift.facts.row, drift.technique], [web, "critical", "write.declared", "T1222.002"]);
    victim.unmount("/opt");
    assert.equal((await told("integrity.restored", drift.seq)).facts.row, "write.declared");
  });

  test("a rule taken out of the firewall is seen", async () => {
    const seq = lastSeq(dock);
    victim.nft(`flush chain inet ${victim.table} inbound`);
    assert.equal((await told("integrity.drift", seq)).facts.row, "net.inbound");
    await dock.quit();
    await dock.launch();
  });

  test("one byte of the image file is seen without reading what nobody touched", async () => {
    const seq = lastSeq(dock);
    const undo = flipByte(imageFile, 1_000_000);
    assert.equal((await told("integrity.drift", seq)).facts.row, "root.sealed");
    undo();
    assert.equal((await told("integrity.restored", seq)).facts.row, "root.sealed");
  });

  test("a reset is no drift", async () => {
    const seq = lastSeq(dock);
    for (let round = 0; round < 6; round++) await dock.client.call("reset", { names: [web] });
    // Long enough for a look between two resets, and one after.
    await sleep(2_000);
    assert.deepEqual(
      readEvents(dock).filter((event) => event.seq > seq && event.kind === "integrity.drift"),
      [],
    );
  });
});

/** @returns how to put it back */
function flipByte(file: string, at: number): () => void {
  const byte = Buffer.alloc(1);
  const write = () => {
    const fd = openSync(file, "r+");
    readSync(fd, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    writeSync(fd, byte, 0, 1, at);
    closeSync(fd);
  };
  write();
  return write;
}
