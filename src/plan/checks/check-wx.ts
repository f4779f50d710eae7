/** wx: no memory is writable and executable, no code lies in memory that is no file, and what is mapped from a file was not written over. */
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
  const isCounted = live.processes.every(({ code }) => code.every((mapping) => isAnonymous(mapping) || mapping.ownPages !== undefined));
  return judge(complaints, () =>
    pass(`${where}: nothing is writable and executable, no code without a file${isCounted ? " or written over" : ""}`),
  );
});

function complaintsOf(process: ProcessFacts): readonly string[] {
  const { codeUnseen } = process;
  const tooMuch =
    codeUnseen === undefined ? [] : [`/proc/${process.pid}/maps of ${named(process)}: ${codeUnseen}, more than any program has`];
  const code = process.code
    .filter(
      (mapping) => mapping.permissions.includes("w") || (isAnonymous(mapping) && !isKernelPage(mapping)) || (mapping.ownPages ?? 0) > 0,
    )
    .map(
      ({ range, permissions, path, ownPages = 0 }) =>
        `/proc/${process.pid}/maps of ${named(process)}: ${range} ${permissions} ${path || "anonymous memory"}` +
        (ownPages > 0 ? `, ${counted(ownPages, "page", "pages")} of code written over` : ""),
    );
  return [...tooMuch, ...code];
}
