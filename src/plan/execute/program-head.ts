/** What the kernel would do with a file that is executed: hand it to an interpreter, to a dynamic loader, or run it as it is. */

export type ProgramHead =
  | { readonly kind: "script"; readonly interpreter: string; readonly argument: string | undefined }
  | { readonly kind: "elf"; readonly loader: string | undefined }
  | { readonly kind: "other" };

/** Of a file; fewer bytes at its end. */
export type ReadPart = (position: number, length: number) => Buffer;

/** BINPRM_BUF_SIZE in include/uapi/linux/binfmts.h: no more of the first line counts. */
const firstLineBytes = 256;
const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const mostProgramHeaders = 128;
const mostPathBytes = 4_096;
const PT_INTERP = 3;

/** Only 64-bit ELF, little-endian: what this dock's architectures run. */
export function parseProgramHead(read: ReadPart): ProgramHead {
  const head = read(0, firstLineBytes);
  if (head.toString("latin1", 0, 2) === "#!") return parseFirstLine(head.toString("latin1"));
  if (head.length < elfHeaderBytes || head.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return { kind: "other" };
  return { kind: "elf", loader: findLoader(head, read) };
}

/** The rest of the line behind the interpreter is one argument (load_script in fs/binfmt_script.c). */
function parseFirstLine(text: string): ProgramHead {
  const [, interpreter, argument] = /^#![ \t]*([^ \t\n\0]+)[ \t]*([^\n\0]*)/.exec(text) ?? [];
  if (interpreter === undefined) return { kind: "other" };
  return { kind: "script", interpreter, argument: argument?.trim() || undefined };
}

function findLoader(header: Buffer, read: ReadPart): string | undefined {
  const [position, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
  if (size !== programHeaderBytes || count > mostProgramHeaders) return undefined;
  const table = read(position, size * count);
  for (let at = 0; at + size <= table.length; at += size) {
    if (table.readUInt32LE(at) !== PT_INTERP) continue;
    const [offset, length] = [Number(table.readBigUInt64LE(at + 8)), Number(table.readBigUInt64LE(at + 32))];
    return length > mostPathBytes ? undefined : read(offset, length).toString("latin1").split("\0")[0];
  }
  return undefined;
}

/** The program that `env` is to find, in `#!/usr/bin/env python3`. */
export function programOfEnv(interpreter: string, argument: string | undefined): string | undefined {
  if (!interpreter.endsWith("/env")) return undefined;
  return argument?.split(/[ \t]+/).find((word) => !word.startsWith("-") && !word.includes("="));
}
