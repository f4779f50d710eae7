/** The tables that several commands print, on top of base/table.ts. */

import type { ChangeAnswer } from "../../api/answers.ts";
import { type Column, renderTable } from "../../base/table.ts";
import type { Palette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";
import { renderTook } from "./words.ts";

/** Headers with ">" before them stand right: "NAME", ">SIZE". Cells must be printable. */
export function renderRows(headers: readonly string[], rows: readonly (readonly string[])[], palette: Palette): string {
  const columns = headers.map((header): Column => {
    const isRight = header.startsWith(">");
    return { header: palette.faint(isRight ? header.slice(1) : header), align: isRight ? "right" : "left" };
  });
  return renderTable(columns, rows);
}

/** "key  value" lines; entries without a value are left out. */
export function renderFacts(facts: readonly (readonly [string, string | undefined])[], palette: Palette): string {
  const rows = facts.flatMap(([key, value]) => (value === undefined || value === "" ? [] : [[palette.faint(key), value]]));
  return renderTable([{ header: "" }, { header: "" }], rows)
    .split("\n")
    .slice(1)
    .join("\n");
}

/** What became of each ISC that a command changed. */
export function renderChanges({ iscs }: ChangeAnswer, palette: Palette): string {
  const rows = iscs.map(({ name, status, tookMs, address }) => [
    palette.strong(name),
    renderStatus(status, palette),
    renderTook(tookMs),
    address ?? "",
  ]);
  return renderTable([{ header: "" }, { header: "" }, { header: "", align: "right" }, { header: "" }], rows)
    .split("\n")
    .slice(1)
    .join("\n");
}

export function renderStatus(status: string, palette: Palette): string {
  const paint =
    { running: palette.good, failed: palette.bad, starting: palette.warning, quarantined: palette.bad }[status] ?? palette.faint;
  return paint(renderPrintable(status));
}
