/** Response: what the dock does by itself when something is wrong with an ISC. */
import { z } from "zod";
import { Sensor, Severity } from "./event.ts";
import { contractRows } from "./finding.ts";
import { Name } from "./name.ts";

/** From the mildest to the hardest: where one has been done too often, the next one that the ladder climbs to is done. */
export const responseActions = ["notify", "release", "restart", "cleanse", "update", "rollback", "reset", "quarantine", "destroy"] as const;
export const ResponseAction = z.enum(responseActions);
export type ResponseAction = z.infer<typeof ResponseAction>;

/** What may be done only so often. The others do nothing that could be done too often. */
export const budgetedActions = ["restart", "cleanse", "update", "rollback", "reset", "quarantine", "destroy"] as const;
export type BudgetedAction = (typeof budgetedActions)[number];

export const Budget = z.strictObject({ times: z.number().int().min(0), perMs: z.number().int().positive() });
export type Budget = z.infer<typeof Budget>;
export type Budgets = Readonly<Record<BudgetedAction, Budget>>;

/** Everything it names must hold. The first rule that holds is the one that counts. */
export const ResponseRule = z.strictObject({
  /** `exec.denied`, or its first word. */
  event: z.string().optional(),
  sensor: Sensor.optional(),
  severity: Severity.optional(),
  /** Contract rows, of integrity's events. */
  rows: z.array(z.enum(contractRows)).readonly().optional(),
  /** Only when it has happened so often within the time. */
  times: z.number().int().min(1),
  perMs: z.number().int().positive(),
  action: z.union([ResponseAction, z.literal("ignore")]),
  /** For rollback. */
  snapshot: Name.optional(),
  /** For destroy. */
  shred: z.boolean().optional(),
});
export type ResponseRule = z.infer<typeof ResponseRule>;

/** What a blueprint says; what it does not say, the dock's own configuration does. */
export const ResponseDeclaration = z.strictObject({
  mode: z.enum(["enforce", "observe"]).optional(),
  cooldownMs: z.number().int().min(0).optional(),
  ladder: z.partialRecord(z.enum(budgetedActions), Budget).optional(),
  /** Come before the dock's. */
  rules: z.array(ResponseRule).readonly(),
});
export type ResponseDeclaration = z.infer<typeof ResponseDeclaration>;

export interface ResponsePolicy {
  /** observe: says what it would have done, and does nothing. */
  readonly mode: "enforce" | "observe";
  /** Between the end of one action and the beginning of the next. */
  readonly cooldownMs: number;
  readonly ladder: Budgets;
  readonly rules: readonly ResponseRule[];
}

/** Who is told what the dock has done. */
export interface NotifyTarget {
  readonly to: { readonly kind: "url"; readonly url: string } | { readonly kind: "command"; readonly command: readonly string[] };
  readonly severity: Severity;
}

/** What a policy would have done. */
export interface Rehearsal {
  readonly mode: ResponsePolicy["mode"];
  readonly steps: readonly {
    /** ISO 8601: when it would have been done. */
    readonly time: string;
    /** The event's number and kind. */
    readonly seq: number;
    readonly kind: string;
    /** `wait`: a cool-down was on. */
    readonly action: string;
    readonly reason: string;
  }[];
}
