/** audit.on: what the ISC runs, and what is refused to it, is recorded outside of it and under its name. */
import { counted, judge, named, pass, skip, whenRunning } from "./answer.ts";
import type { AuditFacts } from "./facts.ts";

export const checkAuditOn = whenRunning(({ facts, live }) => {
  if ("unseen" in facts.audit) return skip(`the kernel's audit cannot be had here: ${facts.audit.unseen}`);
  const audit = facts.audit.seen;
  if (audit.heard !== true) return skip(`audit cannot be read here: ${audit.heard}`);
  const { loginUid } = facts.identity;
  const strangers = live.processes.filter((process) => process.loginUid !== loginUid);
  const complaints = [
    ...ruleComplaints(audit),
    ...strangers.map(
      (process) => `/proc/${process.pid}/loginuid of ${named(process)} is ${process.loginUid ?? "not kept"}, not ${loginUid}`,
    ),
  ];
  return judge(complaints, () => {
    const inside = live.runtime === "runsc" ? "; of what runs inside gVisor's own kernel only the sandbox shows" : "";
    const recorded =
      audit.level === "light"
        ? "audit is light by dock.yaml, a declared exception: sessions and what the filter refuses, not what is run"
        : `${counted(audit.rules, "audit rule")} with the key ${audit.key}`;
    return pass(
      `${recorded}, read by the dock; loginuid of ${counted(live.processes.length, "process", "processes")} is ${loginUid}${inside}`,
    );
  });
});

function ruleComplaints({ enabled, missing, extra, key }: AuditFacts): readonly string[] {
  return [
    ...(enabled ? [] : ["audit is switched off in the kernel (auditctl -s)"]),
    ...(missing === 0 ? [] : [`auditctl -l -k ${key}: ${counted(missing, "rule")} of the dock not there`]),
    ...(extra <= 0 ? [] : [`auditctl -l -k ${key}: ${counted(extra, "rule")} that the dock did not make`]),
  ];
}
