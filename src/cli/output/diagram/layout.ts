/** Gives every part of a diagram its place. Pure, and the same for every medium: rows downwards, the medium's own unit to the right. */
import { type Channel, isLabelled, placeChannel } from "./channels.ts";
import { arrangeColumns, type Segment } from "./columns.ts";
import { orderColumns } from "./crossings.ts";
import type { Diagram, DiagramBox, DiagramLine } from "./diagram.ts";
import { boxRows, type Metrics } from "./metrics.ts";
import { placeRows, type Rows } from "./place-rows.ts";
import { type PortedItem, placePorts } from "./ports.ts";

export interface Point {
  readonly x: number;
  readonly row: number;
}

export interface PlacedBox {
  readonly box: DiagramBox;
  readonly x: number;
  readonly row: number;
  readonly width: number;
  readonly rows: number;
  /** Words at the ports where exposures begin. */
  readonly starts: readonly { readonly text: string; readonly row: number }[];
}

export interface PlacedLine {
  readonly line: DiagramLine;
  /** From left to right. */
  readonly points: readonly Point[];
  /** Its arrow is at the left end. */
  readonly isReversed: boolean;
  readonly label: { readonly x: number; readonly row: number; readonly width: number };
  /** Where it passes its networks' strips. */
  readonly dots: readonly (Point & { readonly network: string })[];
}

export interface PlacedStrip {
  readonly network: string;
  readonly x: number;
  readonly width: number;
  readonly dotX: number;
}

export interface Layout {
  readonly width: number;
  readonly rows: number;
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly PlacedLine[];
  readonly strips: readonly PlacedStrip[];
}

/** Columns may be full at the whole height of all boxes, at a half of it, a third ... */
const mostParts = 10;

export function layOut(diagram: Diagram, metrics: Metrics): Layout {
  const heightOf = (box: DiagramBox) => {
    const ports = { left: diagram.lines.filter(({ to }) => to === box.id).length, right: 0 };
    return boxRows(box, ports, metrics) + metrics.gapRows;
  };
  const whole = diagram.boxes.reduce((sum, box) => sum + heightOf(box), 0);
  const layouts = Array.from({ length: mostParts }, (_, index) => layOutWithin(diagram, metrics, { room: whole / (index + 1), heightOf }));
  const costs = layouts.map(({ width, rows }) => metrics.cost(width, rows));
  return layouts[costs.indexOf(Math.min(...costs))] ?? layOutWithin(diagram, metrics, { room: whole, heightOf });
}

function layOutWithin(diagram: Diagram, metrics: Metrics, limits: Parameters<typeof arrangeColumns>[1]): Layout {
  const arranged = orderColumns(arrangeColumns(diagram, limits));
  const columns = placePorts(arranged, metrics);
  const rows = placeRows(columns, metrics);
  const boxes: PlacedBox[] = [];
  const channels: Channel[] = [];
  let x = 0;
  for (const [index, column] of columns.entries()) {
    const width = columnWidth(column, metrics);
    boxes.push(...column.flatMap((item) => placeBox(item, { x, width, rows, metrics })));
    x += width;
    const segments = arranged.channels[index];
    if (segments === undefined) continue;
    const channel = placeChannel({ x, segments, rows, networks: diagram.networks, metrics });
    channels.push(channel);
    x += channel.width;
  }
  return {
    width: x,
    rows: Math.max(
      0,
      ...boxes.map(({ row, rows: own }) => row + own),
      ...[...rows.leftEnds.values()].map((row) => row + metrics.topRows + 1),
    ),
    boxes,
    lines: diagram.lines.map((line) => placeLine(line, { channels, segments: arranged.channels, rows, metrics })),
    strips: channels.flatMap(({ strips }) => strips),
  };
}

function columnWidth(column: readonly PortedItem[], metrics: Metrics): number {
  const widths = column.flatMap(({ item, right }) =>
    item.box === undefined
      ? []
      : [
          metrics.boxWidth(
            item.box,
            right.flatMap(({ segment }) => segment.line.start ?? []),
          ),
        ],
  );
  return Math.max(0, ...widths);
}

interface ColumnSite {
  readonly x: number;
  readonly width: number;
  readonly rows: Rows;
  readonly metrics: Metrics;
}

function placeBox({ item, rows: own, right }: PortedItem, { x, width, rows, metrics }: ColumnSite): PlacedBox[] {
  if (item.box === undefined) return [];
  const starts = right.flatMap(({ segment }) => {
    const row = (rows.leftEnds.get(segment) ?? 0) + metrics.topRows;
    return segment.line.start === undefined ? [] : [{ text: segment.line.start, row }];
  });
  return [{ box: item.box, x, row: (rows.tops.get(item.id) ?? 0) + metrics.topRows, width, rows: own, starts }];
}

interface LineSite {
  readonly channels: readonly Channel[];
  readonly segments: readonly (readonly Segment[])[];
  readonly rows: Rows;
  readonly metrics: Metrics;
}

function placeLine(line: DiagramLine, { channels, segments, rows, metrics }: LineSite): PlacedLine {
  const points: Point[] = [];
  const dots: PlacedLine["dots"][number][] = [];
  let label = { x: 0, row: 0, width: 0 };
  let isReversed = false;
  for (const [index, channel] of channels.entries()) {
    const segment = segments[index]?.find((candidate) => candidate.line === line);
    if (segment === undefined) continue;
    const [from, to] = [rows.leftEnds, rows.rightEnds].map((ends) => (ends.get(segment) ?? 0) + metrics.topRows) as [number, number];
    const turn = channel.turns.get(segment);
    const right = channel.x + channel.width;
    isReversed = segment.isReversed;
    points.push(
      { x: channel.x, row: from },
      ...(turn === undefined
        ? []
        : [
            { x: turn, row: from },
            { x: turn, row: to },
          ]),
      { x: right, row: to },
    );
    if (!isLabelled(segment)) continue;
    label = { x: channel.labelX, row: to, width: metrics.labelWidth(line, isReversed) };
    const own = channel.strips.filter(({ network }) => line.networks.includes(network));
    dots.push(...own.map(({ network, dotX }) => ({ network, x: dotX, row: turn === undefined || dotX >= turn ? to : from })));
  }
  return { line, points, isReversed, label, dots };
}
