/** NAME=FILE of `up --secret`: the bytes go to the dock and nowhere else, and no message ever holds them. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../base/problem.ts";
import { reasonOf } from "../base/reason-of.ts";
import type { Name } from "../model/name.ts";
import type { CliContext } from "./context.ts";
import { parseNameArgument } from "./name-argument.ts";

const mostBytes = 32 * 1024;

/** Base64 by name; undefined when none was given. Throws USAGE. */
export async function readSecrets(texts: readonly string[], context: CliContext): Promise<Record<Name, string> | undefined> {
  const wanted = new Map<Name, string>();
  for (const { name, file } of texts.map(parseSecret)) {
    if (wanted.has(name)) throw new Problem("USAGE", `cannot take the secret ${name} twice`);
    if (file === "-" && [...wanted.values()].includes("-")) {
      throw new Problem("USAGE", "cannot read two secrets from standard input", { hint: "name a file for all but one of them" });
    }
    wanted.set(name, file);
  }
  const secrets: Record<Name, string> = {};
  for (const [name, file] of wanted) secrets[name] = (await readSecret(name, file, context)).toString("base64");
  return wanted.size === 0 ? undefined : secrets;
}

function parseSecret(text: string): { readonly name: Name; readonly file: string } {
  const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name !== undefined && file !== undefined) return { name: parseNameArgument(name), file };
  // Whoever wrote the secret itself here must not find it in a log.
  throw new Problem("USAGE", "cannot understand what follows --secret", {
    hint: "write NAME=FILE, for example db-password=/root/db-password, or NAME=- for standard input",
  });
}

async function readSecret(name: Name, file: string, { io }: CliContext): Promise<Buffer> {
  if (file === "-" && io.stdin.isTTY === true) {
    throw new Problem("USAGE", `cannot read the secret ${name} from a terminal: it would be seen`, {
      hint: "pipe it in, or name a file",
    });
  }
  const bytes = await readAtMost(file === "-" ? io.stdin : openFile(name, resolve(io.workingDirectory, file)), mostBytes + 1);
  if (bytes.length > mostBytes) throw new Problem("USAGE", `cannot take the secret ${name}: it is larger than 32 KiB`);
  if (bytes.length === 0) throw new Problem("USAGE", `cannot take the secret ${name}: it is empty`);
  return bytes;
}

async function* openFile(name: Name, path: string): AsyncGenerator<Buffer> {
  try {
    await using file = await open(path);
    yield* file.createReadStream();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: Name, cause: unknown): Problem {
  return new Problem("USAGE", `cannot read the secret ${name}: ${reasonOf(cause)}`, { cause });
}

/** Stops early, so that a mistaken file such as /dev/zero has an end. */
async function readAtMost(source: AsyncIterable<string | Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    sizeBytes += bytes.length;
    if (sizeBytes >= limit) break;
  }
  return Buffer.concat(chunks);
}
