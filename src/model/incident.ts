/** An incident: what the dock kept of an ISC before it did something to it that cannot be undone. One signed archive each. */
import { z } from "zod";
import { Digest } from "./digest.ts";
import { Name } from "./name.ts";

/** Of the DSSE envelope around incident.json. */
export const incidentPayloadType = "application/vnd.iscadm.incident+json";
export const incidentFile = "incident.json";
export const incidentSignatureFile = "incident.dsse.json";

const Trigger = z.object({ seq: z.number().int(), kind: z.string(), message: z.string() });

export const Incident = z.object({
  version: z.literal(1),
  /** The ISC's name, and the number of the ledger's last event then. */
  id: z.string().regex(/^[a-z][a-z0-9-]*\.\d+$/),
  isc: Name,
  image: Digest,
  time: z.iso.datetime(),
  /** What was going to be done: `reset`, `quarantine`. */
  action: z.string(),
  reason: z.string(),
  /** The event that led to it; absent for what an operator asked for. */
  trigger: Trigger.optional(),
  processes: z.number().int(),
  /** encrypted: to the recovery key; listed: names and hashes only; none: nothing was there. */
  scratch: z.enum(["encrypted", "listed", "none"]),
  /** What could not be had, or was cut short. */
  gaps: z.array(z.string()).readonly(),
  files: z.array(z.object({ name: z.string(), sizeBytes: z.number().int(), sha256: z.string() })).readonly(),
});
export type Incident = z.infer<typeof Incident>;

export interface IncidentSummary extends Pick<Incident, "id" | "isc" | "time" | "action" | "reason" | "scratch"> {
  readonly sizeBytes: number;
}

/** How many archives are kept, and how large all of them together may be. */
export interface IncidentLimits {
  readonly keep: number;
  readonly sizeBytes: number;
}

export interface CheckedIncident {
  readonly incident: Incident;
  readonly sizeBytes: number;
  /** The key that signed it; absent when nobody trusted did. */
  readonly signedBy?: string;
  /** What is not as it was signed. */
  readonly faults: readonly string[];
}
