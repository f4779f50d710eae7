/** Secrets of an ISC that is part of a stack: files on its scratch, which is encrypted, and gone with the instance. */
import { Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import type { Engine } from "../engine.ts";
import { stackOf } from "../stack/membership.ts";
import { encryptedDirectory } from "./scratch-device.ts";

const directory = "/run/secrets";
const readableByOwner = 0o400;

/** Needs scratch. Safe to repeat. Throws Problem SECRET_MISSING. */
export async function ensureSecrets(engine: Engine, record: IscRecord, { services }: Pick<Manifest, "services">): Promise<void> {
  const stack = stackOf(engine, record);
  const names = (record.stack && stack?.members[record.stack.member]?.secrets) ?? [];
  if (!stack || names.length === 0) return;
  const { trees } = engine.host.kernel;
  const base = `${engine.layout.live.scratchMount(record.name)}/${encryptedDirectory}`;
  const { uid, gid } = services[0] ?? { uid: 0, gid: 0 };
  trees.makeDirectories(base, [{ path: directory, mode: 0o755, uid: 0, gid: 0 }]);
  for (const name of names) {
    const secret = readSecret(engine, stack, name);
    try {
      trees.makeFile(base, { path: `${directory}/${name}`, mode: readableByOwner, uid, gid }, secret);
    } finally {
      secret.fill(0);
    }
  }
}

/** As it was given last; after a boot, from its file. The caller overwrites it with zeros. Throws Problem SECRET_MISSING. */
function readSecret({ secrets, host }: Engine, stack: StackRecord, name: Name): Buffer {
  const kept = secrets.find(stack.name, name);
  if (kept) return kept;
  const source = stack.secrets[name];
  if (source?.kind !== "file") throw missing(stack, name, "it was given on standard input, and this machine has been started since");
  const bytes = readFile(host, source.path);
  if (!Buffer.isBuffer(bytes)) throw missing(stack, name, bytes);
  secrets.keep(stack.name, name, bytes);
  return bytes;
}

/** Or why it cannot be read: what is no plain file might never answer. */
function readFile({ files, kernel }: Engine["host"], path: string): Buffer | string {
  try {
    if (!["file", "symlink"].includes(files.findNow(path)?.kind ?? "")) return `${path} is no file`;
    const bytes = files.readPartNow(path, 0, kernel.keyring.mostSecretBytes + 1);
    return bytes.length > kernel.keyring.mostSecretBytes ? `${path} is larger than ${kernel.keyring.mostSecretBytes} bytes` : bytes;
  } catch (error) {
    return reasonOf(error);
  }
}

function missing(stack: StackRecord, name: Name, reason: string): Problem {
  return new Problem("SECRET_MISSING", `cannot give secret ${name} to an ISC of ${stack.name}: ${reason}`, {
    hint: `iscadm up ${stack.file} --secret ${name}=FILE`,
  });
}
