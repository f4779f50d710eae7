/** What `network test` prints: who reaches whom, what differs from the file, and the count. */
import type { NetworkTestAnswer } from "../../api/answers.ts";
import { textWidth } from "../../base/table.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import type { CliContext } from "../context.ts";
import type { Palette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";
import { buildMatrix, type MatrixCell, type MatrixEnd, type ProbeMatrix } from "./probe-matrix.ts";
import { renderNumber } from "./stack-words.ts";
import { renderRows } from "./table.ts";
import { renderCount, renderTook } from "./words.ts";

const defaultColumns = 120;
const letters = "abcdefghijklmnopqrstuvwxyz";

export function renderNetworkTest(answer: NetworkTestAnswer, { palette, flags, io }: Pick<CliContext, "palette" | "flags" | "io">): string {
  const differences = renderDifferences(answer.probes, palette);
  if (flags.quiet) return differences.join("\n");
  const matrix = renderMatrix(buildMatrix(answer.probes), palette, io.stdout.columns ?? defaultColumns);
  const blocks = [...matrix, differences.join("\n"), renderCounts(answer, palette)];
  return blocks.filter((block) => block !== "").join("\n\n");
}

/** The clearest form that the terminal is wide enough for; the narrowest is cut into blocks of columns. */
function renderMatrix(matrix: ProbeMatrix, palette: Palette, columns: number): string[] {
  if (matrix.ends.length === 0) return [];
  const lettered = letterSets(matrix);
  const whole = { matrix, palette, shown: matrix.ends };
  const ports = (cell: MatrixCell) => cell.passing.join(",");
  const wide = [renderTable({ ...whole, byName: true, word: ports }), renderTable({ ...whole, byName: false, word: ports })].find(
    (table) => widthOf(table) <= columns,
  );
  const key = `${palette.faint("from row to column:  · closed   ! differs from the file")}`;
  if (wide !== undefined) return [wide, key];
  const word = (cell: MatrixCell) => lettered.get(ports(cell)) ?? "";
  const blocks = cutEnds(matrix, columns).map((shown) => renderTable({ matrix, palette, shown, byName: false, word }));
  const sets = [...lettered].map(([set, letter]) => `${letter}  ${set}`);
  return [...blocks, [key, ...sets].join("\n")];
}

interface MatrixTable {
  readonly matrix: ProbeMatrix;
  readonly palette: Palette;
  readonly shown: readonly MatrixEnd[];
  /** Columns are headed by names, else by the numbers of the rows. */
  readonly byName: boolean;
  word(cell: MatrixCell): string;
}

function renderTable({ matrix, palette, shown, byName, word }: MatrixTable): string {
  const number = (end: MatrixEnd) => String(matrix.ends.indexOf(end) + 1);
  const heads = shown.map((end) => (byName ? end.label : number(end)));
  const rows = matrix.ends.map((from) => [
    ...(byName ? [] : [palette.faint(number(from))]),
    palette.strong(from.label),
    ...shown.map((to) => paintCell(matrix.cell(from, to), word, palette)),
  ]);
  return renderRows([...(byName ? [] : [">"]), "FROM", ...heads], rows, palette);
}

function paintCell(cell: MatrixCell | undefined, word: MatrixTable["word"], palette: Palette): string {
  if (cell === undefined) return "";
  const text = cell.passing.length === 0 ? "·" : renderPrintable(word(cell));
  if (cell.differs) return palette.bad(cell.passing.length === 0 ? "!" : `!${text}`);
  return cell.passing.length === 0 ? palette.faint(text) : palette.good(text);
}

/** A letter for each set of things that pass somewhere; numbers once the letters are used up. */
function letterSets({ ends, cell }: ProbeMatrix): ReadonlyMap<string, string> {
  const sets = new Set(ends.flatMap((from) => ends.map((to) => cell(from, to)?.passing.join(",") ?? "")));
  sets.delete("");
  return new Map([...sets].map((set, index) => [set, letters[index] ?? `(${index})`]));
}

function cutEnds({ ends }: ProbeMatrix, columns: number): (readonly MatrixEnd[])[] {
  const labels = Math.max(...ends.map(({ label }) => textWidth(label))) + 6;
  const perBlock = Math.max(4, Math.floor((columns - labels) / 4));
  return Array.from({ length: Math.ceil(ends.length / perBlock) }, (_, index) => ends.slice(index * perBlock, (index + 1) * perBlock));
}

function widthOf(table: string): number {
  return Math.max(...table.split("\n").map(textWidth));
}

/** One sentence for each; what IPv4 and IPv6 agree on is said once. */
function renderDifferences(probes: readonly NetworkProbe[], palette: Palette): string[] {
  const different = probes.filter(({ expected, seen }) => expected !== seen);
  const alike = Map.groupBy(different, ({ from, to, network, what, seen }) => [from, to, network, what, seen].join(" "));
  return [...alike.values()].flatMap((group) => {
    const [probe] = group;
    if (probe === undefined) return [];
    const families = [...new Set(group.map(({ family }) => `IPv${family}`))].toSorted().join(" and ");
    const place = probe.network === undefined ? families : `network ${probe.network}, ${families}`;
    const fault = probe.seen === "passes" ? "passes, but nothing allows it" : "is refused, but the file allows it";
    return [`${palette.bad("!")} ${renderPrintable(probe.what)} from ${probe.from} to ${probe.to} ${fault} (${place})`];
  });
}

function renderCounts({ probes, tookMs }: NetworkTestAnswer, palette: Palette): string {
  const passing = probes.filter(({ seen }) => seen === "passes").length;
  const differing = probes.filter(({ expected, seen }) => expected !== seen).length;
  const verdict = differing === 0 ? palette.good("as declared") : palette.bad(`${renderNumber(differing)} not as declared`);
  const counts = `${renderNumber(probes.length - passing)} refused, ${renderNumber(passing)} ${passing === 1 ? "passes" : "pass"}`;
  return `${renderCount(probes.length, "probe")}: ${counts}, ${verdict}; ${renderTook(tookMs)}`;
}
