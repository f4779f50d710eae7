/** What an unlucky or hostile operator sends: one clear sentence, and nothing changed. For intruders see intruder.test.ts, for blueprints hostile-blueprints.test.ts. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { assertRefused } from "./support/refusal.ts";

const web = "web" as Name;

function portOf(address: AddressInfo | string | null): number {
  assert.ok(typeof address === "object" && address);
  return address.port;
}

describe("hostile hands", () => {
  let dock: TestDock;
  let image: string;

  before(async () => {
    dock = await TestDock.start();
    image = (await buildReady(dock, "nginx")).digest;
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [web] });
  });

  after(() => dock[Symbol.asyncDispose]());

  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp | string) => assertRefused(dock, call, code, words);

  test("names that are taken, odd or lead elsewhere are refused", async () => {
    const taken = (name: string) => `cannot create ${name}: there is an ISC of that name`;
    await refuses(() => dock.client.call("create", { name: web, image }), "NAME_TAKEN", taken("web"));
    await refuses(() => dock.client.call("clone", { source: "web", name: web }), "NAME_TAKEN", taken("web"));
    await dock.client.call("clone", { source: "web", name: "many3" as Name });
    // The third of four: the first two must not be there afterwards.
    await refuses(() => dock.client.call("clone", { source: "web", name: "many" as Name, count: 4 }), "NAME_TAKEN", taken("many3"));
    await dock.client.call("destroy", { names: ["many3" as Name] });
    for (const name of ["../x", "a/b", "", "A", "x\0y", "-x", "x".repeat(33)]) {
      await refuses(() => dock.client.call("create", { name: name as Name, image }), "USAGE", /name/);
    }
  });

  test("a host port that a program has is refused, whatever address and protocol it has it at", async () => {
    const sentence = (port: number, protocol: string) => `cannot expose host port ${port}/${protocol}: a program of the host listens there`;
    for (const host of ["0.0.0.0", "127.0.0.1", "::", "::1"]) {
      await using server = createServer().listen(0, host);
      await once(server, "listening");
      const hostPort = portOf(server.address());
      const expose = () => dock.client.call("expose", { name: web, exposure: { hostPort, port: 80, protocol: "tcp" } });
      await refuses(expose, "PORT_TAKEN", sentence(hostPort, "tcp"));
    }
    const socket = createSocket("udp4").bind(0, "0.0.0.0");
    await once(socket, "listening");
    const hostPort = socket.address().port;
    await refuses(
      () => dock.client.call("expose", { name: web, exposure: { hostPort, port: 53, protocol: "udp" } }),
      "PORT_TAKEN",
      sentence(hostPort, "udp"),
    );
    socket.close();
    // The same call as above, with nobody there: it was the program that stood in its way.
    await dock.client.call("expose", { name: web, exposure: { hostPort, port: 53, protocol: "udp" } });
    await dock.client.call("unexpose", { name: web, hostPort, protocol: "udp" });
  });

  test("a host port that another ISC has is refused, running or stopped, for exposing, creating and rolling back", async () => {
    const neighbour = "neighbour" as Name;
    await dock.client.call("clone", { source: "web", name: neighbour });
    const held = { hostPort: await freeHostPort(), port: 80, protocol: "tcp" } as const;
    const sentence = `cannot expose host port ${held.hostPort}/tcp: ISC neighbour is exposed there`;
    await dock.client.call("expose", { name: web, exposure: held });
    await dock.client.call("snapshot", { name: web, snapshot: "held" as Name });
    await dock.client.call("unexpose", { name: web, hostPort: held.hostPort, protocol: "tcp" });
    await dock.client.call("expose", { name: neighbour, exposure: held });
    for (const act of ["start", "stop"] as const) {
      await dock.client.call(act, { names: [neighbour] });
      await refuses(() => dock.client.call("expose", { name: web, exposure: held }), "PORT_TAKEN", sentence);
      await refuses(() => dock.client.call("expose", { name: web, exposure: { ...held, address: "127.0.0.1" } }), "PORT_TAKEN", sentence);
      await refuses(() => dock.client.call("rollback", { name: web, snapshot: "held" as Name }), "PORT_TAKEN", sentence);
    }
    // The blueprint exposes 8080.
    await dock.client.call("expose", { name: neighbour, exposure: { ...held, hostPort: 8080 } });
    await refuses(
      () => dock.client.call("create", { name: "third" as Name, image }),
      "PORT_TAKEN",
      "cannot expose host port 8080/tcp: ISC neighbour is exposed there",
    );
    await dock.client.call("destroy", { names: [neighbour] });
    await dock.client.call("snapshot-remove", { name: web, snapshot: "held" as Name });
  });

  test("a host port that was taken by a program while the ISC was stopped keeps it from starting", async () => {
    const name = "late" as Name;
    await dock.client.call("clone", { source: "web", name });
    const hostPort = await freeHostPort();
    const sentence = `cannot expose host port ${hostPort}/tcp: a program of the host listens there`;
    await dock.client.call("expose", { name, exposure: { hostPort, port: 80, protocol: "tcp" } });
    {
      await using server = createServer().listen(hostPort, "0.0.0.0");
      await once(server, "listening");
      await refuses(() => dock.client.call("start", { names: [name] }), "PORT_TAKEN", sentence);
    }
    await dock.client.call("start", { names: [name] });
    {
      // A program may still bind it then: what runs is not ended for that, and a reset goes on.
      await using server = createServer().listen(hostPort, "0.0.0.0");
      await once(server, "listening");
      await refuses(() => dock.client.call("restart", { names: [name] }), "PORT_TAKEN", sentence);
      await dock.client.call("reset", { names: [name] });
    }
    await dock.client.call("destroy", { names: [name] });
  });

  test("an image with one changed byte, or without its signature, is neither started nor verified", async () => {
    const other = "other" as Name;
    await dock.client.call("clone", { source: "web", name: other });
    const { digest } = (await dock.client.call("show", { name: other })).manifest;
    const start = () => dock.client.call("start", { names: [other] });
    const verify = () => dock.client.call("image-verify", { image: digest });
    const flip = (file: string) => {
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      // In place: the same file, as an attacker with the disk would leave it.
      writeFileSync(file, bytes);
    };
    for (const file of [dock.layout.image.erofs(digest), dock.layout.image.sbom(digest)]) {
      flip(file);
      await refuses(start, "IMAGE_TAMPERED", new RegExp(RegExp.escape(path.basename(file))));
      await refuses(verify, "IMAGE_TAMPERED", new RegExp(RegExp.escape(path.basename(file))));
      flip(file);
    }
    const signature = dock.layout.image.provenance(digest);
    const signed = readFileSync(signature, "utf8");
    const envelope = JSON.parse(signed) as { readonly signatures: readonly { readonly sig: string }[] };
    const forged = envelope.signatures.map((one) => ({ ...one, sig: Buffer.alloc(64, 7).toString("base64") }));
    writeFileSync(signature, JSON.stringify({ ...envelope, signatures: forged }));
    await refuses(start, "IMAGE_UNSIGNED", /no trusted key/);
    await refuses(verify, "IMAGE_UNSIGNED", /no trusted key/);
    writeFileSync(signature, signed);
    await verify();
    await dock.client.call("destroy", { names: [other] });
  });

  test("a request that is no request is refused, and the dock lives on", async () => {
    const post = (operation: string, body: string) => {
      const words = ["-s", "--unix-socket", dock.layout.socket, "-d", "@-", `http://dock/v1/${operation}`];
      return spawnSync("curl", words, { input: body, encoding: "utf8" }).stdout;
    };
    for (const [operation, body] of [
      ["list", "{"],
      ["list", '{"x":1}'],
      ["nothing", "{}"],
      ["list", "x".repeat(2_000_000)],
      ["__proto__", "{}"],
    ] as const) {
      assert.match(post(operation, body), /"code":"USAGE"/, `${operation} ${body.slice(0, 20)}`);
    }
    assert.equal((await dock.client.call("list", {})).iscs.length, 1);
  });
});
