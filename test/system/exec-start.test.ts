/** `rights.execute: services` with everything that a start can need: preparation, supervision, a health check, and each OCI runtime. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { OutputChunk } from "../../src/api/answers.ts";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { readEvents } from "./support/events.ts";
import { writeWeb } from "./support/web-blueprint.ts";

const cases: Readonly<Record<string, { readonly services: string; readonly keys?: readonly string[]; readonly runtime?: "runc" }>> = {
  "one service": { services: "nginx: {}" },
  "a service that is prepared": { services: "nginx: { prepare: [[mkdir, -p, /tmp/made/by]] }" },
  "services under s6": { services: "nginx: {}, idle: { command: [sleep, '1000'], user: www-data }" },
  "a health check": { services: "nginx: {}", keys: ["health: { command: [/bin/true], every: 1s }"] },
  "one service under runc": { services: "nginx: {}", runtime: "runc" },
};

for (const [title, { services, keys = [], runtime }] of Object.entries(cases)) {
  test(`${title}: starts, and its shell is nobody's`, async () => {
    await using dock = await TestDock.start(runtime ? { environment: { ISC_RUNTIME: runtime } } : {});
    const blueprint = writeWeb(dock, ["rights: { execute: services }", ...keys]);
    writeFileSync(blueprint, readFileSync(blueprint, "utf8").replace("services: { nginx: {} }", `services: { ${services} }`));
    const image = (await dock.client.call("build", { blueprint })).digest;
    const web = "web" as Name;
    await dock.client.call("create", { name: web, image });
    await dock.client.call("start", { names: [web] });
    await dock.client.call("restart", { names: [web] });
    const denied = () =>
      readEvents(dock)
        .filter(({ kind }) => kind === "exec.denied")
        .map(({ message }) => message);
    assert.deepEqual(denied(), []);
    let output = "";
    const onData = (chunk: unknown) => {
      output += Buffer.from((chunk as OutputChunk).bytes, "base64").toString();
    };
    await dock.client.call("exec", { name: web, command: ["/bin/sh", "-c", "true"] }, { onData });
    assert.match(output, /not permitted/);
    assert.equal(denied().length, 1);
  });
}
