/** What the kernel would do with a file that is executed: hand it to an interpreter, to a dynamic loader, or run it as it is. */

export type ProgramHead =
  | { readonly kind: "script"; readonly interpreter: string; readonly argument: string | undefined }
  /** A library has a name of its own, by which programs ask for it (DT_SONAME). */
  | { readonly kind: "elf"; readonly loader: string | undefined; readonly isLibrary: boolean }
  | { readonly kind: "other" };

/** Of a file; fewer bytes at its end. */
export type ReadPart = (position: number, length: number) => Buffer;

/** BINPRM_BUF_SIZE in include/uapi/linux/binfmts.h: no more of the first line counts. */
const firstLineBytes = 256;
const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const mostProgramHeaders = 128;
const mostPathBytes = 4_096;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const dynamicEntryBytes = 16;
const mostDynamicBytes = 16 * 1_024;
const DT_SONAME = 14n;

/** Only 64-bit ELF, little-endian: what this dock's architectures run. */
export function parseProgramHead(read: ReadPart): ProgramHead {
  const head = read(0, firstLineBytes);
  if (head.toString("latin1", 0, 2) === "#!") return parseFirstLine(head.toString("latin1"));
  if (head.length < elfHeaderBytes || head.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return { kind: "other" };
  const segments = readSegments(head, read);
  const find = (type: number) => segments.find((segment) => segment.type === type);
  const [loader, dynamic] = [find(PT_INTERP), find(PT_DYNAMIC)];
  return {
    kind: "elf",
    loader: loader && loader.length <= mostPathBytes ? read(loader.offset, loader.length).toString("latin1").split("\0")[0] : undefined,
    isLibrary: dynamic !== undefined && hasOwnName(read(dynamic.offset, Math.min(dynamic.length, mostDynamicBytes))),
  };
}

/** The rest of the line behind the interpreter is one argument (load_script in fs/binfmt_script.c). */
function parseFirstLine(text: string): ProgramHead {
  const [, interpreter, argument] = /^#![ \t]*([^ \t\n\0]+)[ \t]*([^\n\0]*)/.exec(text) ?? [];
  if (interpreter === undefined) return { kind: "other" };
  return { kind: "script", interpreter, argument: argument?.trim() || undefined };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
}

function readSegments(header: Buffer, read: ReadPart): readonly Segment[] {
  const [position, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
  if (size !== programHeaderBytes || count > mostProgramHeaders) return [];
  const table = read(position, size * count);
  return Array.from({ length: Math.floor(table.length / size) }, (_, index) => ({
    type: table.readUInt32LE(index * size),
    offset: Number(table.readBigUInt64LE(index * size + 8)),
    length: Number(table.readBigUInt64LE(index * size + 32)),
  }));
}

function hasOwnName(dynamic: Buffer): boolean {
  for (let at = 0; at + dynamicEntryBytes <= dynamic.length; at += dynamicEntryBytes)
    if (dynamic.readBigInt64LE(at) === DT_SONAME) return true;
  return false;
}

/** The program that `env` is to find, in `#!/usr/bin/env python3`. */
export function programOfEnv(interpreter: string, argument: string | undefined): string | undefined {
  if (!interpreter.endsWith("/env")) return undefined;
  return argument?.split(/[ \t]+/).find((word) => !word.startsWith("-") && !word.includes("="));
}
