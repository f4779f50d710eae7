/** Who asks the exec gate: read from /proc while the asking thread waits in the kernel, so that nothing of it can change meanwhile. */
import { closeSync, openSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import type { FileIdentity } from "./exec-gate-rules.ts";

export interface Caller {
  readonly tid: number;
  readonly pid: number;
  readonly parentPid: number;
  /** Its real uid on the host. */
  readonly uid: number;
  readonly isFirst: boolean;
}

const mostArguments = 24;
const mostArgumentBytes = 256;
/** execve(2) and execveat(2), and which of their arguments is argv; x86_64 and arm64. */
const argvOf = new Map(
  process.arch === "arm64"
    ? [
        [221, 1],
        [281, 2],
      ]
    : [
        [59, 1],
        [322, 2],
      ],
);

/** Undefined when it was killed meanwhile. */
export function readCaller(tid: number): Caller | undefined {
  try {
    const status = readFileSync(`/proc/${tid}/status`, "latin1");
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const inside = /^NSpid:\t(.*)$/m.exec(status)?.[1]?.split("\t").at(-1);
    return { tid, pid: number("Tgid"), parentPid: number("PPid"), uid: number("Uid"), isFirst: inside === "1" };
  } catch {
    return undefined;
  }
}

/** The program it is now. Undefined when it has none, or was killed. */
export function findProgram(tid: number): FileIdentity | undefined {
  try {
    const { dev, ino } = statSync(`/proc/${tid}/exe`);
    return { device: dev, inode: ino };
  } catch {
    return undefined;
  }
}

export function findProgramPath(pid: number): string {
  return read(() => readlinkSync(`/proc/${pid}/exe`)) ?? "?";
}

/** The path of an open file, as it is called where it was opened. */
export function findFilePath(file: number): string {
  return read(() => readlinkSync(`/proc/self/fd/${file}`)) ?? "?";
}

/**
 * The argument list that it wants to run with, from its own memory: what it says of itself, to be shown and never to be decided on.
 * Its present one when it is in no execve(2).
 */
export function readArguments(tid: number): readonly string[] {
  return read(() => readWanted(tid)) ?? read(() => clean(readFileSync(`/proc/${tid}/cmdline`, "utf8").split("\0").slice(0, -1))) ?? [];
}

function readWanted(tid: number): readonly string[] | undefined {
  const [number, ...registers] = readFileSync(`/proc/${tid}/syscall`, "latin1").trim().split(" ");
  const place = argvOf.get(Number(number));
  if (place === undefined) return undefined;
  const memory = openSync(`/proc/${tid}/mem`, "r");
  try {
    const pointers = readAt(memory, Number(registers[place]), 8 * mostArguments);
    const words: Buffer[] = [];
    for (let at = 0; at + 8 <= pointers.length; at += 8) {
      const pointer = Number(pointers.readBigUInt64LE(at));
      if (pointer === 0) break;
      words.push(readAt(memory, pointer, mostArgumentBytes));
    }
    return clean(words.map((word) => word.toString("utf8").split("\0")[0] ?? ""));
  } finally {
    closeSync(memory);
  }
}

/** As much as can be read; a page that is not there ends it. */
function readAt(memory: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const pageBytes = 4_096;
  const first = Math.min(length, pageBytes - (position % pageBytes));
  let done = readSync(memory, buffer, 0, first, position);
  try {
    if (done === first && first < length) done += readSync(memory, buffer, first, length - first, position + first);
  } catch {
    // What lies in the first page will do.
  }
  return buffer.subarray(0, done);
}

function clean(words: readonly string[]): readonly string[] {
  return words.slice(0, mostArguments).map((word) => word.slice(0, mostArgumentBytes));
}

function read<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
