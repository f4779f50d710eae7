/**
 * The way into libc: functions are bound when first called, run synchronously on the calling thread,
 * and throw a KernelError when they fail.
 */
import { constants } from "node:os";
import koffi from "koffi";

/** A refused call: `mount /a on /b: EPERM (operation not permitted)`. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  /** What was tried, for people: `mount /a on /b`. */
  readonly call: string;
  /** The positive error number of errno(3). */
  readonly errno: number;
  /** Its name, such as `ENOENT`; `E<number>` where the name is not known. */
  readonly code: string;

  constructor(call: string, errno: number, detail?: string) {
    const code = errorName(errno);
    super(`${call}: ${code} (${errorText(errno)}${detail ? `: ${detail}` : ""})`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/**
 * Whether an error, from here or from node:fs, carries one of these codes, such as `ENOENT`.
 * Goes by number where node:fs knows no name (EDQUOT, ENOKEY, ENOTBLK: it says `UNKNOWN`).
 */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && codes.includes(String(error.code))) return true;
  return "errno" in error && typeof error.errno === "number" && codes.includes(errorName(Math.abs(error.errno)));
}

/**
 * Calls a libc function which answers -1 and sets errno on failure.
 * The prototype is C as in the man page; a Buffer may stand for any `void *` and is written in place.
 * A variadic function (ioctl, syscall) is declared with the arguments it gets: on x86_64 and arm64 Linux they travel alike.
 */
export function callLibc(prototype: string, args: readonly unknown[], describe: () => string): number {
  const result = Number(bind("libc.so.6", prototype)(...args));
  if (result === -1) throw new KernelError(describe(), koffi.errno());
  return result;
}

/** Calls ioctl(2) with a pointer (Buffer, read and written in place) or a plain number. */
export function callIoctl(fd: number, request: number, argument: Buffer | number, describe: () => string): number {
  const type = typeof argument === "number" ? "long" : "void *";
  return callLibc(`int ioctl(int fd, unsigned long request, ${type} argument)`, [fd, request, argument], describe);
}

/** The number of an ioctl as the _IOC macro makes it (asm-generic: the same on x86_64 and arm64). Size in bytes. */
export function ioctlNumber(direction: "none" | "read" | "write" | "both", type: number, number: number, sizeBytes: number): number {
  const bits = { none: 0, write: 1, read: 2, both: 3 }[direction];
  return ((bits << 30) | (sizeBytes << 16) | (type << 8) | number) >>> 0;
}

export type NativeFunction = (...args: readonly unknown[]) => unknown;

/** A function of a shared library, bound on first use. Throws when the library or the function is not there. */
export function bind(library: string, prototype: string): NativeFunction {
  const key = `${library} ${prototype}`;
  const known = bound.get(key);
  if (known) return known;
  const made = koffi.load(library).func(prototype);
  bound.set(key, made);
  return made;
}

const bound = new Map<string, NativeFunction>();

/** Linux errors that node:os does not name. */
const furtherNames: Readonly<Record<number, string>> = {
  15: "ENOTBLK",
  117: "EUCLEAN",
  122: "EDQUOT",
  123: "ENOMEDIUM",
  126: "ENOKEY",
  127: "EKEYEXPIRED",
  128: "EKEYREVOKED",
  129: "EKEYREJECTED",
};

function errorName(errno: number): string {
  const named = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
  // EAGAIN and EWOULDBLOCK, EOPNOTSUPP and ENOTSUP share their numbers: errno(1) prints the first of each.
  if (named === "EWOULDBLOCK") return "EAGAIN";
  if (named === "ENOTSUP") return "EOPNOTSUPP";
  return named ?? furtherNames[errno] ?? `E${errno}`;
}

function errorText(errno: number): string {
  const text = String(bind("libc.so.6", "const char *strerror(int errno_value)")(errno));
  return text.charAt(0).toLowerCase() + text.slice(1);
}
