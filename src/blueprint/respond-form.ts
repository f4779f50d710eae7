/** `respond`, of a blueprint and of dock.yaml: what the dock does by itself, and how often. */
import { z } from "zod";
import { sensors, severities } from "../model/event.ts";
import { contractRows } from "../model/finding.ts";
import { budgetedActions, type ResponseDeclaration, type ResponseRule, responseActions } from "../model/respond.ts";
import { complain, count, duration, line, name } from "./scalars.ts";

const dayMs = 86_400_000;
const mostRules = 64;

const budget = z.union(
  [
    z.literal("never").transform(() => ({ times: 0, perMs: dayMs })),
    z
      .strictObject({
        times: count(0, 100_000).describe("How often; then the next harder action is taken."),
        per: duration(1_000, 30 * dayMs, "10m").describe("Within this time."),
      })
      .transform(({ times, per: perMs }) => ({ times, perMs })),
  ],
  { error: "expected never, or a mapping such as { times: 3, per: 10m }" },
);

const row = z.enum(contractRows, { error: "expected a row of the contract, such as exec.sealed" });

const rule = z
  .strictObject(
    {
      event: line("expected a kind of event, such as exec.denied, or its first word", /^[a-z]+(\.[a-z-]+)?$/)
        .optional()
        .describe("A kind of event, such as exec.denied, or its first word."),
      sensor: z.enum(sensors).optional().describe("Which sensor saw it."),
      severity: z.enum(severities).optional().describe("From this severity on."),
      row: z
        .union([row.transform((one) => [one]), z.array(row).min(1)])
        .optional()
        .describe("A row of the contract that begins to fail, or several."),
      times: count(1, 10_000).default(1).describe("Only when it happens so often."),
      per: duration(1_000, dayMs, "1m").prefault("1m").describe("Within this time."),
      do: z
        .enum([...responseActions, "ignore"], { error: `expected one of ${responseActions.join(", ")}, ignore` })
        .describe("What is done. Where it has been done too often, the next harder one is."),
      snapshot: name.optional().describe("For rollback: where to."),
      shred: z.boolean().optional().describe("For destroy: give the volumes' space back to the disk too."),
    },
    { error: "expected a mapping such as { event: exec.denied, times: 10, per: 1m, do: reset }" },
  )
  .transform(({ event, sensor, severity, row: rows, times, per: perMs, do: action, snapshot, shred }, context): ResponseRule => {
    if (event === undefined && sensor === undefined && severity === undefined && rows === undefined)
      return complain(context, "expected at least one of event, sensor, severity or row");
    if ((action === "rollback") !== (snapshot !== undefined))
      return complain(context, snapshot === undefined ? "rollback needs a snapshot" : "only rollback takes a snapshot");
    if (shred !== undefined && action !== "destroy") return complain(context, "only destroy takes shred");
    return {
      ...(event === undefined ? {} : { event }),
      ...(sensor === undefined ? {} : { sensor }),
      ...(severity === undefined ? {} : { severity }),
      ...(rows === undefined ? {} : { rows }),
      times,
      perMs,
      action,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(shred === undefined ? {} : { shred }),
    };
  });

export const respondForm = z
  .strictObject(
    {
      mode: z
        .enum(["enforce", "observe"], { error: "expected enforce or observe" })
        .optional()
        .describe("observe only says what would have been done."),
      cooldown: duration(0, dayMs, "5s").optional().describe("Least time between the end of one action and the next. 5s unless said."),
      ladder: z
        .partialRecord(z.enum(budgetedActions, { error: `expected one of ${budgetedActions.join(", ")}` }), budget, {
          error: "expected a mapping such as { restart: { times: 3, per: 10m }, destroy: never }",
        })
        .optional()
        .describe("How often each action may be done before the next harder one is."),
      rules: z
        .array(rule, { error: "expected a list of rules" })
        .max(mostRules, `expected at most ${mostRules} rules`)
        .default([])
        .describe("The first that fits counts; the dock's own come after these."),
    },
    { error: "expected a mapping such as { rules: [{ event: health.failed, do: restart }] }" },
  )
  .transform(
    ({ mode, cooldown, ladder, rules }): ResponseDeclaration => ({
      ...(mode === undefined ? {} : { mode }),
      ...(cooldown === undefined ? {} : { cooldownMs: cooldown }),
      ...(ladder === undefined ? {} : { ladder }),
      rules,
    }),
  );
