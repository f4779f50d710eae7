/**
 * Secrets in kernel memory: keys of type "user" in root's own keyring. They outlive the process that made them, are never swapped out and
 * gone after a boot. See keyrings(7), add_key(2), keyctl(2).
 */
import { callLibc, hasErrorCode } from "./libc.ts";

const isArm = process.arch === "arm64";
const SYS_add_key = isArm ? 217 : 248;
const SYS_keyctl = isArm ? 219 : 250;
const KEY_SPEC_USER_KEYRING = -4;
const KEYCTL_SETPERM = 5;
const KEYCTL_UNLINK = 9;
const KEYCTL_SEARCH = 10;
const KEYCTL_READ = 11;
/** KEY_POS_ALL and KEY_USR_ALL: the same user's other sessions, such as those of a later dock. */
const OWNER_ALL = 0x3f3f0000;
/** Of a key of type "user". */
export const mostSecretBytes = 32_767;

/** Takes the place of an older one of the same name. Throws KernelError: ENOSYS where the kernel has no keyrings, EDQUOT. */
export function keepSecret(name: string, secret: Buffer): void {
  const id = callLibc(
    "long syscall(long number, const char *type, const char *description, const void *payload, size_t length, int keyring)",
    [SYS_add_key, "user", name, secret, secret.length, KEY_SPEC_USER_KEYRING],
    () => `keep secret ${name}`,
  );
  keyctl(KEYCTL_SETPERM, id, OWNER_ALL, `keep secret ${name}`);
}

/** The caller overwrites it with zeros when it is done. Throws KernelError: ENOSYS. */
export function findSecret(name: string): Buffer | undefined {
  const id = findKey(name);
  if (id === undefined) return undefined;
  const buffer = Buffer.alloc(mostSecretBytes);
  const length = callLibc(
    "long syscall(long number, int operation, int key, void *buffer, size_t length, long unused)",
    [SYS_keyctl, KEYCTL_READ, id, buffer, buffer.length, 0],
    () => `read secret ${name}`,
  );
  return buffer.subarray(0, length);
}

/** Safe to repeat. Throws KernelError: ENOSYS. */
export function forgetSecret(name: string): void {
  const id = findKey(name);
  if (id !== undefined) keyctl(KEYCTL_UNLINK, id, KEY_SPEC_USER_KEYRING, `forget secret ${name}`);
}

function findKey(name: string): number | undefined {
  try {
    return callLibc(
      "long syscall(long number, int operation, int keyring, const char *type, const char *description, int destination)",
      [SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0],
      () => `find secret ${name}`,
    );
  } catch (error) {
    if (hasErrorCode(error, "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED")) return undefined;
    throw error;
  }
}

function keyctl(operation: number, key: number, argument: number, what: string): void {
  callLibc(
    "long syscall(long number, int operation, int key, long argument, long unused)",
    [SYS_keyctl, operation, key, argument, 0],
    () => what,
  );
}
