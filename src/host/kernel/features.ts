/** What the kernel was built with, asked by calls that change nothing. */
import { closeSync } from "node:fs";
import { callLibc } from "./libc.ts";

const SYS_landlock_create_ruleset = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const FAN_CLASS_CONTENT = 0x4;
const FAN_CLOEXEC = 0x1;
const FAN_MARK_ADD = 0x1;
const FAN_OPEN_EXEC_PERM = 0x40000;
const AT_FDCWD = -100;

/** The version of Landlock's interface. Throws KernelError: ENOSYS, or EOPNOTSUPP when it was switched off at boot. */
export function readLandlockVersion(): number {
  return callLibc(
    "long syscall(long number, void *attr, size_t size, unsigned int flags)",
    [SYS_landlock_create_ruleset, null, 0, LANDLOCK_CREATE_RULESET_VERSION],
    () => "read Landlock's version",
  );
}

/**
 * Asks fanotify(7) for the right to allow or deny execution of one file, and gives it back at once.
 * Throws KernelError: ENOSYS, EINVAL (built without permission events), EPERM.
 */
export function tryExecGate(file: string): void {
  const fd = callLibc(
    "int fanotify_init(unsigned int flags, unsigned int file_flags)",
    [FAN_CLASS_CONTENT | FAN_CLOEXEC, 0],
    () => "open fanotify",
  );
  try {
    callLibc(
      "int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd, const char *path)",
      [fd, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, file],
      () => `watch executions of ${file}`,
    );
  } finally {
    closeSync(fd);
  }
}
