/** Audit, broken. */
import { hasAudit, removeAuditRule } from "../support/kernel-audit.ts";
import type { Breakage } from "./breakage.ts";

/** None where the kernel's audit cannot be had: there the row is skipped. */
export const auditBreakages: readonly Breakage[] = hasAudit()
  ? [
      { title: "an audit rule taken out", row: "audit.on", act: ({ dock }) => removeAuditRule(dock) },
      {
        title: "one of its processes without its login id",
        row: "audit.on",
        act: async (victim) => {
          const pid = await victim.join("--no-login", "--", "/usr/bin/sleep", "600");
          return () => victim.end(pid);
        },
      },
    ]
  : [];
