/**
 * Files that only the holder of a key can read, in the format of age (age-encryption.org/v1, C2SP age.md): X25519, HKDF-SHA-256 and
 * ChaCha20-Poly1305 in pieces of 64 KiB. `age --decrypt -i KEYFILE` opens them anywhere; this dock cannot.
 */
import { createCipheriv, createHmac, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from "node:crypto";
import fs from "node:fs";
import { decodeBech32 } from "../../base/bech32.ts";

const pieceBytes = 64 * 1024;
const tagBytes = 16;

export interface Encrypted {
  /** Of what was encrypted. */
  readonly sizeBytes: number;
  /** There was more than was allowed. */
  readonly cut: boolean;
}

/** The 32 bytes of an `age1…` recipient; undefined when it is none. */
export function parseRecipient(text: string): Buffer | undefined {
  const bytes = decodeBech32(text, "age");
  return bytes?.length === 32 ? Buffer.from(bytes) : undefined;
}

/** Writes all of a stream, at most so many bytes of it. Nothing of it touches the disk in the clear. */
export async function encryptToFile(
  source: AsyncIterable<Uint8Array>,
  file: string,
  options: { readonly recipients: readonly Buffer[]; readonly mostBytes: number },
): Promise<Encrypted> {
  const fileKey = randomBytes(16);
  const nonce = randomBytes(16);
  const output = await fs.promises.open(file, "wx", 0o600);
  try {
    await output.write(Buffer.concat([renderHeader(fileKey, options.recipients), nonce]));
    const seal = openPieces(derive(fileKey, nonce, "payload"));
    let held = Buffer.alloc(0);
    let sizeBytes = 0;
    let cut = false;
    for await (const chunk of source) {
      const taken = chunk.subarray(0, options.mostBytes - sizeBytes);
      cut = taken.length < chunk.length;
      sizeBytes += taken.length;
      held = Buffer.concat([held, taken]);
      // The last piece is marked as such: one is always held back.
      for (; held.length > pieceBytes; held = held.subarray(pieceBytes)) await output.write(seal(held.subarray(0, pieceBytes), false));
      if (cut) break;
    }
    await output.write(seal(held, true));
    return { sizeBytes, cut };
  } finally {
    fileKey.fill(0);
    await output.close();
  }
}

function renderHeader(fileKey: Buffer, recipients: readonly Buffer[]): Buffer {
  const stanzas = recipients.map((recipient) => renderStanza(fileKey, recipient));
  const head = `age-encryption.org/v1\n${stanzas.join("")}---`;
  const mac = createHmac("sha256", derive(fileKey, Buffer.alloc(0), "header"))
    .update(head)
    .digest();
  return Buffer.from(`${head} ${base64(mac)}\n`);
}

/** The file's key, for one recipient. */
function renderStanza(fileKey: Buffer, recipient: Buffer): string {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const share = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const theirs = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: recipient.toString("base64url") }, format: "jwk" });
  const secret = diffieHellman({ privateKey, publicKey: theirs });
  const wrapKey = derive(secret, Buffer.concat([share, recipient]), "age-encryption.org/v1/X25519");
  return `-> X25519 ${base64(share)}\n${base64(encrypt(wrapKey, Buffer.alloc(12), fileKey))}\n`;
}

/** Pieces are numbered, and the last one is marked: none can be left out, moved or cut off. */
function openPieces(key: Buffer): (piece: Uint8Array, last: boolean) => Buffer {
  let number = 0n;
  return (piece, last) => {
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(number++, 3);
    nonce.writeUInt8(last ? 1 : 0, 11);
    return encrypt(key, nonce, piece);
  };
}

function encrypt(key: Buffer, nonce: Buffer, bytes: Uint8Array): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function derive(secret: Buffer, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, purpose, 32));
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
