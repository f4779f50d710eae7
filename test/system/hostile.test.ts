/** What an unlucky or hostile operator sends: one clear sentence, and nothing changed. For intruders see intruder.test.ts, for blueprints hostile-blueprints.test.ts. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProblemCode } from "../../src/base/problem-codes.ts";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { assertRefused } from "./support/refusal.ts";

const web = "web" as Name;

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

  const refuses = (call: () => Promise<unknown>, code: ProblemCode, words: RegExp) => assertRefused(dock, call, code, words);

  test("names that are taken, odd or lead elsewhere are refused", async () => {
    await refuses(() => dock.client.call("create", { name: web, image }), "NAME_TAKEN", /web/);
    for (const name of ["../x", "a/b", "", "A", "x\0y", "-x"]) {
      await refuses(() => dock.client.call("create", { name: name as Name, image }), "USAGE", /name/);
    }
  });

  test("a host port that a program or another ISC has is refused", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const taken = typeof address === "object" && address ? address.port : 0;
    const exposure = { hostPort: taken, port: 80, protocol: "tcp" } as const;
    await refuses(() => dock.client.call("expose", { name: web, exposure }), "PORT_TAKEN", /a program of the host/);
    server.close();
    const neighbour = "neighbour" as Name;
    await dock.client.call("clone", { source: "web", name: neighbour });
    const held = { hostPort: await freeHostPort(), port: 80, protocol: "tcp" } as const;
    await dock.client.call("expose", { name: neighbour, exposure: held });
    await refuses(() => dock.client.call("expose", { name: web, exposure: held }), "PORT_TAKEN", /ISC neighbour/);
    await dock.client.call("destroy", { names: [neighbour] });
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
