/** Which column each box stands in, so that lines lead from left to right; long lines get a place in every column they pass. */
import assert from "node:assert/strict";
import type { Diagram, DiagramBox, DiagramLine } from "./diagram.ts";

/** A box, or the place where a line passes a column. */
export interface Item {
  readonly id: string;
  readonly box?: DiagramBox;
}

/** The part of a line between two neighbouring columns, from left to right. */
export interface Segment {
  readonly line: DiagramLine;
  readonly left: Item;
  readonly right: Item;
  /** The line leads from right to left, since flows go round in a circle. */
  readonly isReversed: boolean;
}

export interface Columns {
  readonly columns: readonly (readonly Item[])[];
  /** Entry c: between columns c and c + 1. */
  readonly channels: readonly (readonly Segment[])[];
}

interface Way {
  readonly line: DiagramLine;
  readonly from: string;
  readonly to: string;
  readonly isReversed: boolean;
}

export interface ColumnLimits {
  /** How much one column may hold; more goes into the next. */
  readonly room: number;
  heightOf(box: DiagramBox): number;
}

export function arrangeColumns(diagram: Diagram, limits: ColumnLimits): Columns {
  const ways = breakCircles(diagram);
  const depths = assignDepths(diagram, ways, limits);
  const items = new Map(diagram.boxes.map((box) => [box.id, { id: box.id, box }]));
  const columns: Item[][] = Array.from({ length: Math.max(0, ...depths.values()) + 1 }, () => []);
  const channels: Segment[][] = columns.slice(1).map(() => []);
  for (const box of diagram.boxes) columns[depths.get(box.id) ?? 0]?.push(items.get(box.id) ?? { id: box.id, box });
  for (const way of ways) {
    const [left, right] = [items.get(way.from), items.get(way.to)];
    const [start, end] = [depths.get(way.from) ?? 0, depths.get(way.to) ?? 0];
    if (left === undefined || right === undefined) continue;
    // One place in each column on the way.
    const passed = Array.from({ length: end - start - 1 }, (_, index) => ({ id: `${way.line.id} in ${start + index + 1}` }));
    for (const [index, place] of passed.entries()) columns[start + index + 1]?.push(place);
    for (const segment of cutWay(way, [left, ...passed, right])) channels[start + segment.step]?.push(segment);
  }
  return { columns, channels };
}

function cutWay({ line, isReversed }: Way, stops: readonly Item[]): (Segment & { readonly step: number })[] {
  return stops.slice(1).flatMap((right, step) => {
    const left = stops[step];
    return left === undefined ? [] : [{ line, left, right, isReversed, step }];
  });
}

/** Turns round the lines that close a circle, as a walk in the order of the file meets them. */
function breakCircles({ boxes, lines }: Diagram): Way[] {
  const reversed = new Set<DiagramLine>();
  const state = new Map<string, "open" | "done">();
  const outgoing = Map.groupBy(lines, ({ from }) => from);
  const walk = (id: string): void => {
    state.set(id, "open");
    for (const line of outgoing.get(id) ?? []) {
      if (state.get(line.to) === "open") reversed.add(line);
      else if (!state.has(line.to)) walk(line.to);
    }
    state.set(id, "done");
  };
  for (const { id } of boxes) if (!state.has(id)) walk(id);
  return lines.map((line) =>
    reversed.has(line)
      ? { line, from: line.to, to: line.from, isReversed: true }
      : { line, from: line.from, to: line.to, isReversed: false },
  );
}

function assignDepths(diagram: Diagram, ways: readonly Way[], { room, heightOf }: ColumnLimits): Map<string, number> {
  const isEdge = ({ kind }: DiagramBox) => kind === "outside" || kind === "dock";
  const hasEdge = diagram.boxes.some(isEdge);
  const depths = new Map<string, number>();
  const filled: number[] = [];
  const put = (box: DiagramBox, first: number) => {
    let depth = first;
    while ((filled[depth] ?? 0) > 0 && (filled[depth] ?? 0) + heightOf(box) > room) depth += 1;
    filled[depth] = (filled[depth] ?? 0) + heightOf(box);
    depths.set(box.id, depth);
  };
  for (const box of sortByFlow(diagram, ways)) {
    const before = ways.filter(({ to }) => to === box.id).map(({ from }) => (depths.get(from) ?? 0) + 1);
    if (isEdge(box)) depths.set(box.id, 0);
    else put(box, Math.max(hasEdge ? 1 : 0, ...before));
  }
  moveSourcesCloser(diagram, ways, depths);
  return depths;
}

/** Boxes that nothing leads to stand before the first that they lead to, not at the far left. */
function moveSourcesCloser({ boxes }: Diagram, ways: readonly Way[], depths: Map<string, number>): void {
  for (const { id, kind } of boxes) {
    const next = ways.filter(({ from }) => from === id).flatMap(({ to }) => depths.get(to) ?? []);
    const isSource = kind === "member" && !ways.some(({ to }) => to === id);
    if (isSource && next.length > 0) depths.set(id, Math.max(depths.get(id) ?? 0, Math.min(...next) - 1));
  }
}

/** Each box after all that lead to it; else as the diagram has them. */
function sortByFlow({ boxes }: Diagram, ways: readonly Way[]): DiagramBox[] {
  const sorted: DiagramBox[] = [];
  const waiting = new Set(boxes);
  while (waiting.size > 0) {
    const ids = new Set([...waiting].map(({ id }) => id));
    const free = [...waiting].filter((box) => !ways.some(({ from, to }) => to === box.id && ids.has(from)));
    assert(free.length > 0, "flows go round in a circle");
    for (const box of free) waiting.delete(box);
    sorted.push(...free);
  }
  return sorted;
}
