import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { encryptToFile, parseRecipient } from "./age-file.ts";

/** A pair from age's own documentation is not at hand: any 32 bytes are a private key. */
const secret = randomBytes(32);
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secret]),
  format: "der",
  type: "pkcs8",
});
const recipient = Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x ?? "", "base64url");

for (const size of [0, 1, 65_536, 65_537, 200_000]) {
  test(`what was encrypted comes back: ${size} bytes`, async () => {
    const bytes = randomBytes(size);
    const answer = await roundTrip(bytes, size + 1);
    assert.deepEqual(answer.plain, bytes);
    assert.deepEqual(answer.encrypted, { sizeBytes: size, cut: false });
  });
}

test("age itself opens it", async (context) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "age-"));
  try {
    const made = spawnSync("age-keygen", ["--output", `${directory}/key`], { encoding: "utf8" });
    if (made.error) return context.skip("age is not installed");
    const [, name = ""] = /(age1\S+)/.exec(made.stderr) ?? [];
    const recipients = [recipient, parseRecipient(name) ?? Buffer.alloc(0)];
    for (const size of [0, 1, 65_536, 65_537]) {
      const bytes = randomBytes(size);
      const source = (async function* () {
        yield bytes;
      })();
      const file = `${directory}/${size}.age`;
      await encryptToFile(source, file, { recipients, mostBytes: size + 1 });
      const { stdout, stderr } = spawnSync("age", ["--decrypt", "--identity", `${directory}/key`, file]);
      assert.deepEqual(stdout, bytes, stderr.toString());
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("what is more than allowed is cut, and said to be", async () => {
  const bytes = randomBytes(100_000);
  const { plain, encrypted } = await roundTrip(bytes, 70_000);
  assert.deepEqual(plain, bytes.subarray(0, 70_000));
  assert.deepEqual(encrypted, { sizeBytes: 70_000, cut: true });
});

test("a recipient as age-keygen prints it is taken, a mistyped one is not", () => {
  const good = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  assert.equal(parseRecipient(good)?.length, 32);
  for (const bad of [good.replace("q", "p"), good.slice(0, -1), "age1", good.replace("age1", "abc1"), ""])
    assert.equal(parseRecipient(bad), undefined);
});

async function roundTrip(bytes: Buffer, mostBytes: number) {
  const directory = mkdtempSync(path.join(os.tmpdir(), "age-"));
  try {
    const file = `${directory}/x.age`;
    const source = (async function* () {
      for (let at = 0; at < bytes.length; at += 30_000) yield bytes.subarray(at, at + 30_000);
    })();
    const encrypted = await encryptToFile(source, file, { recipients: [randomBytes(32), recipient], mostBytes });
    return { plain: decrypt(readFileSync(file)), encrypted };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function decrypt(file: Buffer): Buffer {
  const end = file.indexOf("\n--- ");
  const lines = file.toString("latin1", 0, end).split("\n");
  assert.equal(lines[0], "age-encryption.org/v1");
  const [share = "", wrapped = ""] = [lines[3]?.split(" ")[2], lines[4]];
  const shareBytes = Buffer.from(share, "base64");
  const theirs = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: shareBytes.toString("base64url") }, format: "jwk" });
  const shared = diffieHellman({ privateKey, publicKey: theirs });
  const wrapKey = derive(shared, Buffer.concat([shareBytes, recipient]), "age-encryption.org/v1/X25519");
  const fileKey = open(wrapKey, Buffer.alloc(12), Buffer.from(wrapped, "base64"));
  const endOfHeader = file.indexOf("\n", end + 1) + 1;
  const mac = createHmac("sha256", derive(fileKey, Buffer.alloc(0), "header"))
    .update(file.subarray(0, end + 4))
    .digest("base64");
  assert.equal(`${file.toString("latin1", end + 5, endOfHeader - 1)}=`, mac);
  const key = derive(fileKey, file.subarray(endOfHeader, endOfHeader + 16), "payload");
  const pieces: Buffer[] = [];
  for (let at = endOfHeader + 16, number = 0n; at < file.length; number++) {
    const piece = file.subarray(at, at + 65_552);
    at += piece.length;
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(number, 3);
    nonce[11] = at < file.length ? 0 : 1;
    pieces.push(open(key, nonce, piece));
  }
  return Buffer.concat(pieces);
}

function open(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function derive(from: Buffer, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", from, salt, purpose, 32));
}
