/** What sensors tell and the ledger keeps: one fact about one ISC, or about the dock itself. */
import { z } from "zod";
import { Digest } from "./digest.ts";
import { Name } from "./name.ts";

export const sensors = ["dock", "exec", "audit", "firewall", "integrity", "health", "pressure", "response"] as const;
export const Sensor = z.enum(sensors);
export type Sensor = z.infer<typeof Sensor>;

/** From "as it should be" to "act now". `alert` and `critical` are what a response policy looks at by default. */
export const severities = ["info", "notice", "warning", "alert", "critical"] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;

/** Numbers, words and lists of words: what a person can read in a line and a program can filter by. */
const Fact = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()])).readonly()]);
export type Fact = z.infer<typeof Fact>;

/** Characters of an event's sentence: what is longer the ledger cuts. */
export const longestMessage = 2_000;

/** What a sensor hands over. */
export const EventDraft = z.strictObject({
  sensor: Sensor,
  severity: Severity,
  /** What happened, as two words: `exec.denied`, `firewall.refused`, `dock.command`. Stable: policies and filters name it. */
  kind: z.string().regex(/^[a-z]+\.[a-z-]+$/),
  /** One sentence for people. */
  message: z.string(),
  /** Absent for what concerns the dock alone. */
  isc: Name.optional(),
  image: Digest.optional(),
  facts: z.record(z.string(), Fact),
  /** MITRE ATT&CK for Containers/Linux, such as T1059.004, where one applies. */
  technique: z
    .string()
    .regex(/^T\d{4}(\.\d{3})?$/)
    .optional(),
});
export type EventDraft = z.infer<typeof EventDraft>;

/** An event as the ledger keeps it. */
export const Event = EventDraft.extend({
  /** From 1, without gaps. */
  seq: z.number().int().positive(),
  /** ISO 8601, UTC, milliseconds. */
  time: z.iso.datetime(),
  message: z.string().max(longestMessage),
});
export type Event = z.infer<typeof Event>;

/** Where events go. Never throws and never waits: a sensor must not be held up by what is told about it. */
export interface EventSink {
  emit(draft: EventDraft): void;
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}
