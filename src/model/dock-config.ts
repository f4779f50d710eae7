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
  readonly integrity: { readonly probeEveryMs: number; readonly rehashEveryMs: number };
}
