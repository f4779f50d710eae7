/** Ending processes that no record knows: what a crash of the dock left half made. */
import { hasErrorCode } from "../../host/kernel/libc.ts";
import type { Engine } from "../engine.ts";

/** By pidfd, so that a number that came to mean another process in between is not hit twice. One that is gone is no error. */
export function killProcess(engine: Engine, pid: number): void {
  const { pidfd } = engine.host.kernel;
  try {
    const descriptor = pidfd.openPidfd(pid);
    try {
      pidfd.sendSignal(descriptor, "SIGKILL");
    } finally {
      pidfd.closePidfd(descriptor);
    }
  } catch (error) {
    if (!hasErrorCode(error, "ESRCH")) throw error;
  }
}

/** conmon and the OCI runtime name the bundle on their command line: those of an ISC that `keep` does not name are ended. */
export function killStrayMonitors(engine: Engine, keep: (name: string) => boolean): void {
  const bundle = new RegExp(`${RegExp.escape(engine.layout.lives)}/([^/\\0]+)/bundle(?:\\0|$)`);
  for (const pid of engine.host.files.listNow("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const name = bundle.exec(engine.host.files.findTextNow(`/proc/${pid}/cmdline`) ?? "")?.[1];
    if (name !== undefined && !keep(name)) killProcess(engine, Number(pid));
  }
}
