import assert from "node:assert/strict";
import { test } from "node:test";
import { operations } from "../api/operations.ts";
import { renderCommandEvent } from "./command-events.ts";
import { publicInput } from "./server.ts";

const secret = Buffer.from("correct horse battery staple").toString("base64");

test("of the secrets that an up brings along the log and the ledger hold the names alone", () => {
  const input = operations["stack-up"].input.parse({ file: "/srv/shop.yaml", secrets: { "db-password": secret } });
  assert.deepEqual(publicInput(input), { file: "/srv/shop.yaml", secrets: ["db-password"] });
  const event = renderCommandEvent({ operation: "stack-up", input: publicInput(input), asker: { uid: 0, pid: 1 } });
  assert.ok(!JSON.stringify(event).includes(secret.slice(0, 8)));
});

test("neither what a command reads nor its environment is told", () => {
  assert.deepEqual(publicInput({ name: "web", input: secret, environment: { KEY: secret } }), { name: "web" });
  assert.deepEqual(publicInput({ file: "/srv/shop.yaml" }), { file: "/srv/shop.yaml" });
});
