/** A stack file on the dock's machine → all that an `up` needs of it: images built, secrets read. */
import path from "node:path";
import { Problem } from "../base/problem.ts";
import { parseStack } from "../blueprint/parse-stack.ts";
import type { StackRequest } from "../engine/stack/up.ts";
import type { Manifest } from "../model/image.ts";
import type { Name } from "../model/name.ts";
import type { Progress } from "../model/progress.ts";
import type { BlueprintSource, SecretSource, Stack, StackMember } from "../model/stack.ts";
import type { Dock } from "./dock.ts";
import { buildBlueprint, type Waiter } from "./handlers/rebuild.ts";
import { readBlueprint, readSmallFile } from "./read-blueprint.ts";
import type { Caller } from "./server.ts";

/** Room for 2,000 flows; the parser has a limit of its own. */
const mostStackBytes = 2 * 1024 * 1024;

export interface StackFile {
  readonly file: string;
  /** Secrets that the client sent, base64 by name. */
  readonly given: Readonly<Record<string, string>>;
  readonly noCache?: boolean | undefined;
}

/** Throws Problem STACK_INVALID, BLUEPRINT_INVALID, SECRET_MISSING, and those of reading and building. */
export async function readStack(dock: Dock, { file, given, noCache }: StackFile, caller: Caller): Promise<StackRequest> {
  const text = await readSmallFile(file, { what: "stack", limitBytes: mostStackBytes });
  const stack = parseStack(text, { file: path.basename(file), directory: path.dirname(file) });
  const secrets = await readSecrets(dock, stack, { file, given });
  const images = await buildMembers(dock, stack, caller, noCache);
  return { stack, images, secrets, file };
}

async function buildMembers(dock: Dock, stack: Stack, caller: Caller, noCache: boolean | undefined): Promise<StackRequest["images"]> {
  const built = new Map<string, Manifest>();
  const images = new Map<Name, Manifest>();
  for (const [name, { blueprint }] of Object.entries(stack.members) as [Name, StackMember][]) {
    const key = JSON.stringify(blueprint);
    const waiter = {
      signal: caller.signal,
      progress: (progress: Progress) => caller.progress({ ...progress, text: `${name}: ${progress.text}` }),
    };
    const manifest = built.get(key) ?? (await buildMember(dock, blueprint, waiter, noCache));
    built.set(key, manifest);
    images.set(name, manifest);
  }
  return images;
}

async function buildMember(dock: Dock, source: BlueprintSource, waiter: Waiter, noCache: boolean | undefined): Promise<Manifest> {
  const blueprint =
    source.kind === "inline"
      ? { text: source.text, file: "blueprint.yaml", directory: source.directory }
      : { text: await readBlueprint(source.path), file: path.basename(source.path), directory: path.dirname(source.path) };
  const { digest } = await buildBlueprint(dock, blueprint, waiter, noCache);
  return dock.engine.images.open(digest);
}

/** What the client sent goes before what the file names. One that was given once on standard input need not be given again. */
async function readSecrets(dock: Dock, stack: Stack, { file, given }: StackFile): Promise<ReadonlyMap<Name, Buffer>> {
  const { mostSecretBytes } = dock.engine.host.kernel.keyring;
  const secrets = new Map<Name, Buffer>();
  const declared = Object.entries(stack.secrets) as [Name, SecretSource][];
  for (const name of Object.keys(given)) {
    if (!(name in stack.secrets)) throw new Problem("STACK_INVALID", `cannot use secret ${name}: ${stack.name} has none of that name`);
  }
  for (const [name, source] of declared) {
    const bytes = given[name] === undefined ? await readSecret(dock, stack.name, name, source) : Buffer.from(given[name], "base64");
    if (bytes === undefined) {
      throw new Problem("SECRET_MISSING", `cannot bring ${stack.name} up: secret ${name} was not given`, {
        hint: `iscadm up ${file} --secret ${name}=-`,
      });
    }
    if (bytes.length === 0 || bytes.length > mostSecretBytes) {
      throw new Problem(
        "SECRET_MISSING",
        `cannot bring ${stack.name} up: secret ${name} has ${bytes.length} bytes, and needs 1 to ${mostSecretBytes}`,
      );
    }
    secrets.set(name, bytes);
  }
  return secrets;
}

async function readSecret({ engine }: Dock, stack: Name, name: Name, source: SecretSource): Promise<Buffer | undefined> {
  if (source.kind === "stdin") return engine.secrets.find(stack, name);
  const text = await readSmallFile(source.path, {
    what: `secret ${name}`,
    limitBytes: engine.host.kernel.keyring.mostSecretBytes,
    encoding: "latin1",
  });
  return Buffer.from(text, "latin1");
}
