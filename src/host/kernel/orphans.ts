/** Processes below us that lost their parent. See prctl(2), PR_SET_CHILD_SUBREAPER; waitpid(2). */
import { callLibc, hasErrorCode } from "./libc.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/** From now on, for as long as this process lives, they become its children instead of the machine's init's. Throws KernelError. */
export function becomeSubreaper(): void {
  callLibc("int prctl(int option, unsigned long value)", [PR_SET_CHILD_SUBREAPER, 1], () => "adopt orphans");
}

/** Takes an ended child out of the process table. One that lives, or that is no child of ours, is left alone. Throws KernelError. */
export function reapChild(pid: number): void {
  try {
    callLibc("int waitpid(int pid, void *status, int options)", [pid, null, WNOHANG], () => `reap process ${pid}`);
  } catch (error) {
    if (!hasErrorCode(error, "ECHILD", "EINTR")) throw error;
  }
}
