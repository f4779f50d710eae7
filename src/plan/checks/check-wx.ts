/** wx: no memory is writable and executable, and no code lies in memory that is no file. */
import { counted, judge, named, pass, whenVisible } from "./answer.ts";
import type { ProcessFacts } from "./facts.ts";
import { isAnonymous, isKernelPage } from "./proc/memory-map.ts";

export const checkWx = whenVisible("memory is mapped", ({ live, manifest }) => {
  const complaints = live.processes.flatMap(complaintsOf);
  const where = `/proc/PID/maps of ${counted(live.processes.length, "process", "processes")}`;
  if (manifest.posture.rights.writableCode) {
    const seen = complaints.length === 0 ? "none seen" : `seen: ${complaints[0]}`;
    return pass(`${where}: writable code is a declared exception (rights.writable-code), ${seen}`);
  }
  return judge(complaints, () => pass(`${where}: nothing is writable and executable, no code without a file`));
});

function complaintsOf(process: ProcessFacts): readonly string[] {
  return process.code
    .filter((mapping) => mapping.permissions.includes("w") || (isAnonymous(mapping) && !isKernelPage(mapping)))
    .map(
      ({ range, permissions, path }) =>
        `/proc/${process.pid}/maps of ${named(process)}: ${range} ${permissions} ${path || "anonymous memory"}`,
    );
}
