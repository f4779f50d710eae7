/** seccomp: a filter on every thread, and it is the one that the profile and the declared rights lead to. */
import { counted, judge, named, pass, whenVisible } from "./answer.ts";
import type { ProcessFacts } from "./facts.ts";

export const checkSeccomp = whenVisible("the sandbox's kernel answers system calls", ({ live, manifest }) => {
  const { profile } = live.seccomp;
  const complaints = [
    ...live.processes.flatMap(complaintsOf),
    ...("seen" in profile && profile.seen === "other"
      ? ["the filter in the bundle's config.json is not the one of this profile and these rights: a reset loads that one"]
      : []),
  ];
  return judge(complaints, () => {
    const { syscalls } = manifest.posture.rights;
    const exception = syscalls.length === 0 ? "" : `, with the declared exception ${syscalls.join(", ")}`;
    const bundle = "seen" in profile ? "the bundle's filter is the profile's" : `the bundle could not be compared: ${profile.unseen}`;
    return pass(`/proc/PID/status of ${counted(live.processes.length, "process", "processes")}: Seccomp 2; ${bundle}${exception}`);
  });
});

function complaintsOf(process: ProcessFacts): readonly string[] {
  return process.threads
    .filter((thread) => thread.seccomp !== 2 || thread.seccompFilters < 1)
    .map(
      (thread) =>
        `/proc/${thread.id}/status of ${named(process)}: Seccomp ${thread.seccomp} with ${counted(thread.seccompFilters, "filter")}`,
    );
}
