/** The exec gate on real ISCs: what is sealed and named runs, everything else is denied and told, whoever asks and however. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { OutputChunk } from "../../src/api/answers.ts";
import type { Event } from "../../src/model/event.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { buildWeb } from "./support/web-blueprint.ts";

const [open, tight, listed] = ["open" as Name, "tight" as Name, "listed" as Name];
const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";

describe("the exec gate", () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
    const images = {
      [open]: await buildWeb(dock, []),
      [tight]: await buildWeb(dock, ["rights: { execute: services }"]),
      [listed]: await buildWeb(dock, ["rights: { execute: [/usr/bin/env, /bin/sh] }"]),
    };
    for (const [name, image] of Object.entries(images)) await dock.client.call("create", { name, image });
    await dock.client.call("start", { names: Object.keys(images) });
  });

  after(() => dock[Symbol.asyncDispose]());

  interface Ran {
    readonly exitCode: number;
    readonly output: string;
  }
  const run = async (name: Name, command: readonly string[], more: { readonly admin?: boolean } = {}): Promise<Ran> => {
    let output = "";
    const onData = (chunk: unknown) => {
      output += Buffer.from((chunk as OutputChunk).bytes, "base64").toString();
    };
    const { exitCode } = await dock.client.call("exec", { name, command: [...command], ...more }, { onData });
    return { exitCode, output };
  };
  const denied = (isc: Name, path: RegExp, seq: number) =>
    waitForEvent(
      dock,
      (event: Event) => event.kind === "exec.denied" && event.isc === isc && path.test(String(event.facts.path)),
      10_000,
      seq,
    );

  test("every program of the image runs where nothing else is said", async () => {
    const seq = lastSeq(dock);
    assert.deepEqual(await run(open, ["/bin/sh", "-c", "env | grep -c PATH"]), { exitCode: 0, output: "1\n" });
    assert.deepEqual(
      readEvents(dock).filter((event) => event.seq > seq && event.kind.startsWith("exec.")),
      [],
    );
  });

  test("verify names the gate as what exec.sealed rests on", async () => {
    const { findings } = await dock.client.call("verify", { names: [open, tight] });
    for (const finding of findings.filter(({ row }) => row === "exec.sealed")) {
      assert.equal(finding.verdict, "PASS");
      assert.match(finding.evidence, /exec gate/);
    }
  });

  test("with services alone the shell of the image is denied, and told with who, where and what", async () => {
    const seq = lastSeq(dock);
    const { exitCode, output } = await run(tight, ["/bin/sh", "-c", "true", "an argument"]);
    assert.notEqual(exitCode, 0);
    assert.match(output, /Operation not permitted/);
    const event = await denied(tight, /\/(da)?sh$/, seq);
    assert.deepEqual(
      [event.sensor, event.severity, event.technique, event.facts.reason, event.facts.uid],
      ["exec", "alert", "T1059.004", "not-named", 33],
    );
    assert.deepEqual(event.facts.command, ["/bin/sh", "-c", "true", "an argument"]);
  });

  test("a loader started as a program loads nothing that may not run", async () => {
    const seq = lastSeq(dock);
    const { exitCode } = await run(tight, [loader, "/bin/sh", "-c", "true"]);
    assert.notEqual(exitCode, 0);
    const event = await denied(tight, /\/(da)?sh$/, seq);
    assert.deepEqual([event.facts.reason, event.technique], ["loaded", "T1620"]);
    const own = await run(tight, [loader, "/usr/sbin/nginx", "-v"]);
    assert.equal(own.exitCode, 0, own.output);
  });
});
