/** What an assessment of a running ISC says, and profiles/assess.json: what costs how many of its 100 points. */
import { z } from "zod";
import { contractRows } from "./finding.ts";
import type { Name } from "./name.ts";

/** What is counted about an ISC beside the rows of its contract. The first word is the area. */
export const measureNames = [
  "exception.capabilities",
  "exception.syscalls",
  "exception.writable-code",
  "exception.writes",
  "surface.programs",
  "surface.setid",
  "surface.libraries",
  "surface.shells",
  "surface.interpreters",
  "surface.ports",
  "surface.public-ports",
  "surface.destinations",
  "surface.wide-destinations",
  "surface.system-calls",
  "age.image",
  "exposure.window",
] as const;
export type MeasureName = (typeof measureNames)[number];

const Points = z.number().min(0).max(100);

const RowWeight = z.strictObject({ fail: Points, skip: Points, mend: z.string().min(1) });

/** `each` unit beyond `free` costs so many points, but all together never more than `most`. */
const MeasureWeight = z.strictObject({ free: z.number().min(0), each: Points, most: Points, mend: z.string().min(1) });

const ProgramName = z.string().regex(/^[a-z][a-z0-9+-]*$/);

export const AssessProfile = z.strictObject({
  description: z.string(),
  rows: z.record(z.enum(contractRows), RowWeight),
  measures: z.record(z.enum(measureNames), MeasureWeight),
  /** How many ordinary ones a capability counts for; 1 when not named. */
  capabilities: z.record(z.string().regex(/^CAP_[A-Z_]+$/), z.number().min(1)),
  shells: z.array(ProgramName).readonly(),
  interpreters: z.array(ProgramName).readonly(),
});
export type AssessProfile = z.infer<typeof AssessProfile>;

export interface AssessmentItem {
  /** `contract.net.inbound`, or one of `measureNames`. Stable. */
  readonly id: string;
  readonly points: number;
  /** One sentence: what was seen. */
  readonly evidence: string;
  /** One sentence: what to do about it. */
  readonly mend: string;
}

export interface Assessment {
  readonly isc: Name;
  /** From 0 to 100, whole. */
  readonly score: number;
  /** What costs points, the costliest first. */
  readonly items: readonly AssessmentItem[];
  /** Everything that was counted, whether it costs or not. */
  readonly measures: Readonly<Record<MeasureName, number>>;
}
