/** exec.sealed: every running program and every mapped library is a file of the sealed image. */
import { counted, judge, named, pass, skip, whenVisible } from "./answer.ts";
import type { ImageFileSummary, ProcessFacts } from "./facts.ts";
import { findVisibleMount } from "./mount-view.ts";
import { isAnonymous } from "./proc/memory-map.ts";

export const checkExecSealed = whenVisible("programs run, unseen by the exec gate,", ({ facts, live }) => {
  const { files } = facts.image;
  if ("unseen" in files) return skip(`the image's list of files could not be read: ${files.unseen}`);
  if ("broken" in files) return skip(`the image's list of files cannot be believed: ${files.broken}`);
  const device = findVisibleMount(live.mounts, "/")?.device;
  const complaints = live.processes.flatMap((process) => complaintsOf(process, device, files.seen));
  return judge(complaints, () => {
    const paths = new Set(
      live.processes.flatMap((process) => process.code.filter((mapping) => !isAnonymous(mapping)).map(({ path }) => path)),
    );
    return pass(
      `/proc/PID/exe and maps of ${counted(live.processes.length, "process", "processes")}: ${counted(paths.size, "file")} of code, all on the sealed image (device ${device}) and in its list; ${describeGate(live.execGate)}`,
    );
  });
});

function describeGate(gate: true | string): string {
  return gate === true ? "the exec gate is asked before each program" : `no exec gate: ${gate}`;
}

function complaintsOf(process: ProcessFacts, device: string | undefined, { files }: ImageFileSummary): readonly string[] {
  const code = process.code.filter((mapping) => !isAnonymous(mapping));
  const foreign = code.filter((mapping) => mapping.device !== device || !files.has(mapping.path));
  const complaints = [...new Set(foreign.map((mapping) => describe(mapping.path, mapping.device !== device)))];
  const runsSealedFile = code.some((mapping) => mapping.path === process.executable);
  if (!runsSealedFile) complaints.unshift(`its program ${process.executable} is no mapped file of the image`);
  return complaints.map((complaint) => `/proc/${process.pid}/maps of ${named(process)}: ${complaint}`);
}

function describe(path: string, isElsewhere: boolean): string {
  return isElsewhere ? `${path} is not on the sealed image` : `${path} is not in the image's list of files`;
}
