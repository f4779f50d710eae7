/** A lock on a file: one holder on the machine, let go by the kernel when the holder dies. See flock(2). */
import { closeSync, openSync } from "node:fs";
import { callLibc, hasErrorCode } from "./libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/** The lock, held until disposed; undefined when another holds it. Makes the file. Throws KernelError or the error of node:fs. */
export function tryLockFile(path: string): Disposable | undefined {
  const fd = openSync(path, "a", 0o600);
  try {
    callLibc("int flock(int fd, int operation)", [fd, LOCK_EX | LOCK_NB], () => `lock ${path}`);
  } catch (error) {
    closeSync(fd);
    if (hasErrorCode(error, "EAGAIN")) return undefined;
    throw error;
  }
  let held = true;
  return {
    [Symbol.dispose]() {
      if (held) closeSync(fd);
      held = false;
    },
  };
}
