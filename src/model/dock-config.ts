/** What an operator may set for a whole dock (dock.yaml), every default filled in, sizes in bytes, times in milliseconds. */
import type { Severity } from "./event.ts";
import type { IncidentLimits } from "./incident.ts";
import type { NotifyTarget, ResponseDeclaration } from "./respond.ts";

export type ForwardTarget =
  | { readonly kind: "udp" | "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix" | "file"; readonly path: string };

/** Where events go besides the ledger. */
export interface Forward {
  /** RFC 5424, or the ledger's own lines. */
  readonly format: "syslog" | "json";
  readonly target: ForwardTarget;
  /** From this severity on. */
  readonly severity: Severity;
}

/**
 * `full`: also what is run, with its arguments, and what the kernel refuses. `light`: sessions, and what the system call filter refuses; it
 * needs no rule of the kernel's audit, and a rule of whomever makes every system call of the whole host slower.
 */
export const auditLevels = ["full", "light"] as const;
export type AuditLevel = (typeof auditLevels)[number];

export interface DockConfig {
  readonly ledger: {
    /** Segments whose last event is older are removed. */
    readonly keepMs: number;
    /** So are the oldest ones beyond this. */
    readonly sizeBytes: number;
    readonly forward: readonly Forward[];
  };
  readonly incidents: IncidentLimits;
  /** What holds for all ISCs, beside what their blueprints say. */
  readonly respond: ResponseDeclaration;
  readonly notify: readonly NotifyTarget[];
  readonly audit: AuditLevel;
  readonly firewall: {
    /** Whether the dock's table is put back when somebody else has changed it. */
    readonly restore: boolean;
  };
  readonly integrity: { readonly probeEveryMs: number; readonly rehashEveryMs: number };
}
