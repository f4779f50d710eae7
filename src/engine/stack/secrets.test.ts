import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelError } from "../../host/kernel/libc.ts";
import { parseDockIdentity } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import { Secrets } from "./secrets.ts";

const ENOSYS = 38;
const dock = parseDockIdentity("0b12", "10.201.0.0/16");
const [stack, secret] = ["shop" as Name, "key" as Name];

test("without keyrings a secret that was found and overwritten is found again", () => {
  assert.ok(dock);
  const secrets = new Secrets(keyringOf(), dock);
  const given = Buffer.from("a key");
  secrets.keep(stack, secret, given);
  given.fill(0);
  for (let times = 0; times < 2; times++) {
    const found = secrets.find(stack, secret);
    assert.equal(found?.toString(), "a key");
    found.fill(0);
  }
  secrets.forget(stack, secret);
  assert.equal(secrets.find(stack, secret), undefined);
});

function keyringOf(): ConstructorParameters<typeof Secrets>[0] {
  const refuse = (): never => {
    throw new KernelError("keep a secret", ENOSYS);
  };
  return { keepSecret: refuse, findSecret: refuse, forgetSecret: refuse, mostSecretBytes: 32_767 };
}
