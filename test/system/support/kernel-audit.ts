/** The host's audit, as a test sees it and breaks it. */
import { AuditControl } from "../../../src/host/kernel/audit/audit-control.ts";
import type { DockIdentity } from "../../../src/model/identity.ts";
import { auditKey, renderAuditRules } from "../../../src/render/audit-rules.ts";
import { runtimePrograms } from "../../../src/tools/oci-runtime.ts";

/** Whether a dock can have it here; not in a container, and not with rules locked until the next boot. */
export function hasAudit(): boolean {
  try {
    using control = new AuditControl();
    return !control.readStatus().locked;
  } catch {
    return false;
  }
}

/** Whatever of a dock is in the kernel. */
export function listAuditRules(dock: DockIdentity): readonly Buffer[] {
  using control = new AuditControl();
  return control.compareRules(auditKey(dock), []).extra;
}

/** @returns how to put it back */
export function removeAuditRule(dock: DockIdentity): () => void {
  using control = new AuditControl();
  control.deleteRules(listAuditRules(dock).slice(0, 1));
  return () => {
    using later = new AuditControl();
    for (const rule of renderAuditRules(dock, runtimePrograms.runsc)) later.addRule(rule);
  };
}

export function setAuditEnabled(enabled: boolean): void {
  using control = new AuditControl();
  control.setEnabled(enabled);
}
