/** caps.none: no capability in any set of any thread unless declared. */
import { counted, judge, named, pass, whenVisible } from "./answer.ts";
import { capabilityMask, capabilityNames } from "./capability-names.ts";
import type { ProcessFacts } from "./facts.ts";
import { capabilitySets } from "./proc/process-status.ts";

export const checkCapsNone = whenVisible("capabilities count", ({ live, manifest }) => {
  const { capabilities } = manifest.posture.rights;
  const allowed = capabilityMask(capabilities);
  const complaints = live.processes.flatMap((process) => complaintsOf(process, allowed));
  return judge(complaints, () => {
    const where = `/proc/PID/status of ${counted(live.processes.length, "process", "processes")}`;
    if (capabilities.length === 0) return pass(`${where}: all five capability sets are empty`);
    return pass(`${where}: nothing beyond the declared exception ${capabilities.join(", ")}`);
  });
});

function complaintsOf(process: ProcessFacts, allowed: bigint): readonly string[] {
  return process.threads.flatMap((thread) =>
    capabilitySets.flatMap((set) => {
      const extra = thread.capabilities[set] & ~allowed;
      if (extra === 0n) return [];
      const value = thread.capabilities[set].toString(16).padStart(16, "0");
      return [`/proc/${thread.id}/status of ${named(process)}: ${set} ${value} (${nameAll(extra)})`];
    }),
  );
}

function nameAll(mask: bigint): string {
  const names = capabilityNames(mask);
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
