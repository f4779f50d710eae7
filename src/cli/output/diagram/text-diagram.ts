/** A stack as a picture of letters, and as a list where the terminal is too narrow for it. */
import type { StackIscView, StackView } from "../../../model/stack-view.ts";
import type { Palette } from "../palette.ts";
import { conditionOf, renderStackState } from "../stack-words.ts";
import { type BoxLine, buildDiagram, type DiagramBox, type DiagramLine } from "./diagram.ts";
import { type Layout, layOut, type PlacedBox, type PlacedLine } from "./layout.ts";
import type { Metrics } from "./metrics.ts";
import { TextCanvas } from "./text-canvas.ts";
import { paintOfCondition, textGlyphs } from "./text-glyph.ts";
import { renderFlowList } from "./text-list.ts";

export interface DiagramSpace {
  readonly palette: Palette;
  readonly columns: number;
}

const cellWidth = 5;

export function renderStackDiagram(stack: StackView, { palette, columns }: DiagramSpace): string {
  const diagram = buildDiagram(stack);
  const layout = layOut(diagram, textMetrics(columns));
  const body = layout.width > columns ? renderFlowList(diagram, { palette, columns }) : drawLayout(layout, palette);
  return `${palette.strong(stack.name)}  ${renderStackState(stack)}\n\n${body}`;
}

export function textMetrics(columns: number): Metrics {
  return {
    lineRows: (line) => (line.kind === "text" && line.short === "" ? 0 : 1),
    portRows: 2,
    headRows: 2,
    footRows: 1,
    gapRows: 1,
    topRows: 2,
    boxWidth: (box, starts) => Math.max(box.title.length + 4, ...box.lines.map(lineWidth), ...starts.map((start) => start.length + 4)),
    labelWidth: (line, isReversed) => labelOf(line, isReversed).length + 1,
    stripWidth: (network) => network.length,
    trackWidth: 2,
    padding: 1,
    arrowWidth: 1,
    cost: (width) => Math.max(0, width - columns),
  };
}

function lineWidth(line: BoxLine): number {
  if (line.kind === "iscs") return line.iscs.length * cellWidth + 3;
  return (line.kind === "text" ? line.short.length : wordsOf(line.isc).length + 2) + 4;
}

function wordsOf(isc: StackIscView): string {
  const condition = conditionOf(isc);
  return `${shortName(isc)}${condition === "well" ? "" : ` ${condition}`}`;
}

/** Without the stack's name, which stands above the picture. */
function shortName({ name, member }: StackIscView): string {
  return name.slice(name.lastIndexOf(`-${member}`) + 1);
}

function labelOf({ port }: DiagramLine, isReversed: boolean): string {
  return isReversed ? `← ${port}` : port;
}

function drawLayout(layout: Layout, palette: Palette): string {
  const canvas = new TextCanvas(layout.width, layout.rows);
  for (const box of layout.boxes) drawBox(canvas, box, palette);
  for (const line of layout.lines) drawLine(canvas, line, palette);
  for (const { network, x, width, dotX } of layout.strips) {
    for (let row = 1; row < layout.rows; row += 1) canvas.writeBehind(dotX, row, "┊", palette.faint);
    canvas.write(x + Math.max(0, Math.floor((width - network.length) / 2)), 0, network, palette.strong);
  }
  return canvas.toString();
}

function drawBox(canvas: TextCanvas, { box, x, row, width, rows, starts }: PlacedBox, palette: Palette): void {
  const [right, bottom] = [x + width - 1, row + rows - 1];
  canvas.horizontal(row, x, right);
  canvas.horizontal(bottom, x, right);
  canvas.vertical(x, row, bottom);
  canvas.vertical(right, row, bottom);
  canvas.write(x + 2, row + 1, box.title, titlePaint(box, palette));
  const shown = box.lines.filter((line) => line.kind !== "text" || line.short !== "");
  for (const [index, line] of shown.entries()) drawBoxLine(canvas, line, { x: x + 2, y: row + 2 + index, palette });
  for (const { text, row: port } of starts) canvas.write(right - 1 - text.length, port, text);
}

function titlePaint({ kind }: DiagramBox, palette: Palette): (text: string) => string {
  return kind === "member" ? palette.strong : palette.faint;
}

function drawBoxLine(canvas: TextCanvas, line: BoxLine, { x, y, palette }: { x: number; y: number; palette: Palette }): void {
  if (line.kind === "text") {
    canvas.write(x, y, line.short, palette.faint);
    return;
  }
  const cells =
    line.kind === "isc"
      ? [{ isc: line.isc, words: ` ${wordsOf(line.isc)}` }]
      : line.iscs.map((isc) => ({ isc, words: /\d+$/.exec(isc.name)?.[0] ?? "" }));
  for (const [index, { isc, words }] of cells.entries()) {
    const condition = conditionOf(isc);
    canvas.write(x + index * cellWidth, y, textGlyphs[condition], paintOfCondition(condition, palette));
    canvas.write(x + index * cellWidth + 1, y, words);
  }
}

function drawLine(canvas: TextCanvas, { line, points, isReversed, label, dots }: PlacedLine, palette: Palette): void {
  for (const [index, point] of points.slice(1).entries()) {
    const before = points[index];
    if (before === undefined) continue;
    // Up to the box's own side, which then has a joint.
    if (before.row === point.row) canvas.horizontal(point.row, index === 0 ? before.x - 1 : before.x, point.x);
    else canvas.vertical(point.x, Math.min(before.row, point.row), Math.max(before.row, point.row));
  }
  for (const { x, row } of dots) canvas.write(x, row, "◆", palette.warning);
  canvas.write(label.x, label.row, labelOf(line, isReversed));
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return;
  if (isReversed) canvas.write(first.x, first.row, "◀");
  else canvas.write(last.x - 1, last.row, "▶");
}
