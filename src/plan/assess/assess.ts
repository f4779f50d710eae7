/** Facts and weights → a score from 0 to 100 and what costs it, the costliest first. Pure: worse facts never give a better score. */
import { type Assessment, type AssessmentItem, type AssessProfile, measureNames } from "../../model/assessment.ts";
import type { Finding } from "../../model/finding.ts";
import { type AssessFacts, type Measured, measureAll } from "./measure.ts";

const fullScore = 100;

export function assess(facts: AssessFacts, profile: AssessProfile): Assessment {
  const measured = measureAll(facts, profile);
  const items = [
    ...facts.findings.map((finding) => judgeFinding(finding, profile)),
    ...measureNames.map((name) => judgeMeasure(name, measured[name], profile)),
  ].filter(({ points }) => points > 0);
  const lost = items.reduce((sum, { points }) => sum + points, 0);
  return {
    isc: facts.isc,
    score: Math.max(0, Math.round(fullScore - lost)),
    items: items.sort((one, other) => other.points - one.points || (one.id < other.id ? -1 : 1)),
    measures: Object.fromEntries(measureNames.map((name) => [name, roundTenth(measured[name].amount)])) as Assessment["measures"], // Every name.
  };
}

function judgeFinding({ row, verdict, evidence }: Finding, { rows }: AssessProfile): AssessmentItem {
  const { fail, skip, mend } = rows[row];
  const points = { PASS: 0, FAIL: fail, SKIP: skip }[verdict];
  return { id: `contract.${row}`, points, evidence: `${verdict}: ${evidence}`, mend };
}

function judgeMeasure(id: (typeof measureNames)[number], { amount, evidence }: Measured, { measures }: AssessProfile): AssessmentItem {
  const { free, each, most, mend } = measures[id];
  return { id, points: roundTenth(Math.min(most, each * Math.max(0, amount - free))), evidence, mend };
}

function roundTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
