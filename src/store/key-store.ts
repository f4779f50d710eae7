/** The dock's signing key and the keys it trusts. Ed25519; made at first use; every *.pem in the folder of trusted keys counts. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Problem } from "../base/problem.ts";
import type { Layout } from "../model/layout.ts";

export interface Signature {
  /** SHA-256 of the DER public key, hexadecimal. */
  readonly keyId: string;
  readonly bytes: Buffer;
}

export interface KeyStore {
  sign(message: Uint8Array): Promise<Signature>;
  /** Loads the key once, for who signs often. */
  openSigner(): Promise<(message: Uint8Array) => Signature>;
  /** Loads the trusted keys once, for who checks many signatures. */
  openVerifier(): Promise<(message: Uint8Array, signature: Uint8Array) => boolean>;
  /** The trusted keys' ids. */
  listTrusted(): Promise<readonly string[]>;
  /** The id of the first trusted key whose signature on the message is good. */
  findSigner(message: Uint8Array, signatures: readonly Uint8Array[]): Promise<string | undefined>;
}

export function openKeyStore(layout: Pick<Layout, "keys" | "signingKey" | "trustedKeys">): KeyStore {
  const openSigner = async () => {
    const key = await loadSigningKey(layout);
    const keyId = keyIdOf(createPublicKey(key));
    return (message: Uint8Array): Signature => ({ keyId, bytes: sign(null, message, key) });
  };
  return {
    openSigner,
    sign: async (message) => (await openSigner())(message),
    openVerifier: async () => {
      const trusted = await loadTrusted(layout);
      return (message, signature) => trusted.some((key) => verify(null, message, key, signature));
    },
    listTrusted: async () => (await loadTrusted(layout)).map(keyIdOf),
    findSigner: async (message, signatures) => {
      const key = (await loadTrusted(layout)).find((trusted) => signatures.some((signature) => verify(null, message, trusted, signature)));
      return key && keyIdOf(key);
    },
  };
}

async function loadSigningKey(layout: Pick<Layout, "keys" | "signingKey" | "trustedKeys">): Promise<KeyObject> {
  const pem = await readIfThere(layout.signingKey);
  if (pem !== undefined) return parseKey(layout.signingKey, () => createPrivateKey(pem));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await fs.promises.mkdir(layout.trustedKeys, { recursive: true, mode: 0o700 });
  // Trusted before it can be used: a key that is lost in between only leaves a public key behind.
  await writeNew(`${layout.trustedKeys}/${keyIdOf(publicKey).slice(0, 16)}.pem`, publicKey.export({ type: "spki", format: "pem" }), 0o644);
  await writeNew(layout.signingKey, privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  return privateKey;
}

async function loadTrusted(layout: Pick<Layout, "trustedKeys">): Promise<readonly KeyObject[]> {
  const names = await fs.promises.readdir(layout.trustedKeys).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith(".pem") && !name.startsWith(".")).sort();
  return Promise.all(files.map((name) => loadPublicKey(`${layout.trustedKeys}/${name}`)));
}

async function loadPublicKey(file: string): Promise<KeyObject> {
  const pem = await fs.promises.readFile(file, "utf8");
  // Node would make a public key of a private one: a private key has no business in this folder.
  const key = parseKey(file, () => createPublicKey(pem.includes("PRIVATE") ? "" : pem));
  if (key.asymmetricKeyType !== "ed25519") throw damaged(file, "it is no Ed25519 key");
  return key;
}

function parseKey(file: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw damaged(file, "it is no key in PEM form", error);
  }
}

function damaged(file: string, what: string, cause?: unknown): Problem {
  return new Problem("STATE_DAMAGED", `cannot use the key ${file}: ${what}`, {
    hint: "take the file away or put the right one there",
    cause,
  });
}

function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.promises.readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Write, fsync, rename, fsync of the folder. */
async function writeNew(file: string, text: string | Buffer, mode: number): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.draft`);
  await fs.promises.writeFile(draft, text, { mode, flush: true });
  await fs.promises.chmod(draft, mode);
  await fs.promises.rename(draft, file);
  const folder = await fs.promises.open(path.dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
