import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseProgramHead, programOfEnv } from "./program-head.ts";

const headOf = (content: Buffer | string) => {
  const bytes = Buffer.from(content);
  return parseProgramHead((position, length) => bytes.subarray(position, position + length));
};

test("a script names its interpreter, with one argument at most", () => {
  assert.deepEqual(headOf("#!/bin/sh\nexit\n"), { kind: "script", interpreter: "/bin/sh", argument: undefined });
  assert.deepEqual(headOf("#! \t/usr/bin/env -S python3 -u \nx"), {
    kind: "script",
    interpreter: "/usr/bin/env",
    argument: "-S python3 -u",
  });
  assert.deepEqual(headOf("#!\n"), { kind: "other" });
});

test("env finds the program that its line names", () => {
  assert.equal(programOfEnv("/usr/bin/env", "-S A=1 python3 -u"), "python3");
  assert.equal(programOfEnv("/bin/sh", "-e"), undefined);
});

test("an ELF program names its loader", () => {
  const head = headOf(readFileSync(process.execPath));
  assert.match(head.kind === "elf" ? String(head.loader) : head.kind, /^\/lib.*ld-linux.*\.so\.\d$/);
});

test("a library is told from a program, though it may be executed", () => {
  const isLibrary = (path: string) => {
    const head = headOf(readFileSync(path));
    return head.kind === "elf" && head.isLibrary;
  };
  const libc = readFileSync("/proc/self/maps", "utf8").match(/\/\S+\/libc\.so\.6$/m)?.[0];
  assert.deepEqual([isLibrary(process.execPath), isLibrary(libc ?? "")], [false, true]);
});

test("whatever else is there, or cut off, is no program that needs another", () => {
  for (const text of ["", "\x7fELF", "text", `\x7fELF\x02\x01${"\0".repeat(60)}`, `\x7fELF\x01\x01${"\0".repeat(60)}`])
    assert.ok(["other", "elf"].includes(headOf(Buffer.from(text, "latin1")).kind));
});
