/** What a layout must know of the medium: letters of a terminal, or an SVG's pixels. Heights are in rows, widths in the medium's own unit. */
import type { BoxLine, DiagramBox, DiagramLine } from "./diagram.ts";

export interface Metrics {
  lineRows(line: BoxLine): number;
  /** Even distance of lines that end at the same side of a box: another fits between them. */
  readonly portRows: number;
  /** Rows of a box above its lines, its title among them, and below. */
  readonly headRows: number;
  readonly footRows: number;
  /** Rows between two boxes of a column. */
  readonly gapRows: number;
  /** Rows above all boxes, where the networks' names stand. */
  readonly topRows: number;
  boxWidth(box: DiagramBox, starts: readonly string[]): number;
  labelWidth(line: DiagramLine, isReversed: boolean): number;
  /** Least width of a network's strip. */
  stripWidth(network: string): number;
  /** Distance of two lines that run side by side from top to bottom. */
  readonly trackWidth: number;
  /** Beside the lanes, labels and boxes. */
  readonly padding: number;
  /** For the head of an arrow at each end of a channel. */
  readonly arrowWidth: number;
  /** Of two layouts of the same diagram, the one that costs less is taken. */
  cost(width: number, rows: number): number;
}

export function boxRows(box: DiagramBox, ports: { readonly left: number; readonly right: number }, metrics: Metrics): number {
  const { headRows, footRows, portRows } = metrics;
  const own = headRows + box.lines.reduce((sum, line) => sum + metrics.lineRows(line), 0) + footRows;
  const starts = box.kind === "outside" ? headRows + ports.right * portRows : 0;
  const rows = Math.max(own, starts, (Math.max(ports.left, ports.right) + 1) * portRows);
  return rows + (rows % 2);
}
