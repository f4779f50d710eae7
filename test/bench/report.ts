/** A run as text for people, and as JSON. */
import { renderTable } from "../../src/base/table.ts";
import type { Verdict } from "./budgets.ts";
import type { Measurements, Result, Unit } from "./measurements.ts";
import { ratioOf, summarize } from "./statistics.ts";

export function renderReport(measurements: Measurements, verdicts: readonly Verdict[]): string {
  return [renderMeasurements(measurements), "", renderVerdicts(verdicts), ""].join("\n");
}

export function renderJson(measurements: Measurements, verdicts: readonly Verdict[]): string {
  const results = measurements.list().map(({ measure, contender, values, skipped }) => ({
    row: measure.id,
    title: measure.title,
    unit: measure.unit,
    contender,
    ...summarize(values),
    values,
    ...(skipped === undefined ? {} : { skipped }),
  }));
  return `${JSON.stringify({ results, budgets: verdicts }, null, 2)}\n`;
}

function renderMeasurements(measurements: Measurements): string {
  const results = measurements.list();
  const rows = results.map((result, index) => {
    const first = results[index - 1]?.measure.id !== result.measure.id;
    return [first ? `${result.measure.title}, ${result.measure.unit}` : "", result.contender, ...renderFigures(measurements, result)];
  });
  const right = ["min", "median", "max", "n"].map((header) => ({ header, align: "right" as const }));
  return renderTable([{ header: "what" }, { header: "who" }, ...right, { header: "against" }], rows);
}

function renderFigures(measurements: Measurements, { measure, contender, values, skipped }: Result): readonly string[] {
  const summary = summarize(values);
  if (!summary) return ["", "SKIP", "", "", skipped ?? "not measured"];
  const { min, median, max, count } = summary;
  const figures = [min, median, max].map((value) => renderFigure(value, measure.unit));
  const ratio = measure.reference === undefined ? undefined : ratioOf(median, measurements.summary(measure.id, measure.reference)?.median);
  const against = ratio === undefined || measure.reference === contender ? "" : `${ratio.toFixed(2)} × ${measure.reference}`;
  return [...figures, String(count), skipped === undefined ? against : `${against} (${skipped})`.trim()];
}

function renderFigure(value: number, unit: Unit): string {
  if (unit === "bytes" || unit === "requests/s" || unit === "requests" || value >= 1_000) return value.toFixed(0);
  return value.toFixed(unit === "MiB" || value < 10 ? 2 : 1);
}

function renderVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ budget, verdict, evidence }) => [verdict, budget, evidence]);
  return renderTable([{ header: "verdict" }, { header: "budget" }, { header: "figures" }], rows);
}
