/** Processes by descriptor: a pidfd never comes to mean another process, as a reused pid does. See pidfd_open(2). */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { callLibc, hasErrorCode } from "./libc.ts";

// System calls of the common numbering: x86_64 and arm64 agree.
const SYS_pidfd_send_signal = 424;
const SYS_pidfd_open = 434;
const POLLIN = 1;

/** A descriptor of a process, which the caller closes. Throws KernelError: ESRCH when there is no such process. */
export function openPidfd(pid: number): number {
  return callLibc("long syscall(long number, int pid, unsigned int flags)", [SYS_pidfd_open, pid, 0], () => `open process ${pid}`);
}

/** Sends a signal; 0 only asks whether one could. Throws KernelError: ESRCH when the process has been reaped. */
export function sendSignal(pidfd: number, signal: NodeJS.Signals | 0): void {
  const number = signal === 0 ? 0 : constants.signals[signal];
  callLibc(
    "long syscall(long number, int pidfd, int signal, void *info, unsigned int flags)",
    [SYS_pidfd_send_signal, pidfd, number, null, 0],
    () => `send ${signal} to the process of descriptor ${pidfd}`,
  );
}

/** Whether the process has ended, reaped or not. Does not wait. Throws KernelError. */
export function hasExited(pidfd: number): boolean {
  // struct pollfd { int fd; short events; short revents }
  const record = Buffer.alloc(8);
  record.writeInt32LE(pidfd, 0);
  record.writeInt16LE(POLLIN, 4);
  try {
    return callLibc("int poll(void *fds, unsigned long count, int timeout_ms)", [record, 1, 0], () => `poll process ${pidfd}`) > 0;
  } catch (error) {
    // A signal came in between; whoever waits asks again.
    if (hasErrorCode(error, "EINTR")) return false;
    throw error;
  }
}

/** Those of several processes that have ended: one call for all of them, which does not wait. Throws KernelError. */
export function listExited(pidfds: readonly number[]): readonly number[] {
  const records = Buffer.alloc(8 * pidfds.length);
  for (const [index, pidfd] of pidfds.entries()) {
    records.writeInt32LE(pidfd, 8 * index);
    records.writeInt16LE(POLLIN, 8 * index + 4);
  }
  try {
    const what = () => `poll ${pidfds.length} processes`;
    if (callLibc("int poll(void *fds, unsigned long count, int timeout_ms)", [records, pidfds.length, 0], what) === 0) return [];
  } catch (error) {
    if (hasErrorCode(error, "EINTR")) return [];
    throw error;
  }
  return pidfds.filter((_, index) => records.readInt16LE(8 * index + 6) !== 0);
}

/** Gives a descriptor back. */
export function closePidfd(pidfd: number): void {
  closeSync(pidfd);
}
