/** The ready stacks, copied to where a test may edit them. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ready = fileURLToPath(new URL("../../../blueprints/stacks", import.meta.url));

export interface StackCopy {
  /** The stack file. */
  readonly file: string;
  /** @param name inside the copy */
  pathOf(name: string): string;
  /** Fails when a part that is to be changed is not there. */
  edit(name: string, from: string, to: string): void;
}

/** @param directory where copies lie; it need not exist */
export function copyStack(name: string, directory: string): StackCopy {
  const copy = path.join(directory, name);
  cpSync(path.join(ready, name), copy, { recursive: true });
  const pathOf = (one: string) => path.join(copy, one);
  return {
    file: pathOf(`${name}.yaml`),
    pathOf,
    edit: (one, from, to) => {
      const text = readFileSync(pathOf(one), "utf8");
      assert.ok(text.includes(from), `${one} of ${name} has no ${from}`);
      writeFileSync(pathOf(one), text.replace(from, to));
    },
  };
}
