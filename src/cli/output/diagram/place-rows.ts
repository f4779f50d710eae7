/** How far down each item of a column stands: near to what it is joined with, so that most lines run straight. */
import type { Segment } from "./columns.ts";
import type { Metrics } from "./metrics.ts";
import type { Port, PortedItem } from "./ports.ts";

/** Rows of both ends of every segment, and of every item's top. */
export interface Rows {
  readonly tops: ReadonlyMap<string, number>;
  readonly leftEnds: ReadonlyMap<Segment, number>;
  readonly rightEnds: ReadonlyMap<Segment, number>;
}

const sweeps = 6;
/** How many rows an item is moved at most so that no two lines share a row. */
const mostMoves = 40;

export function placeRows(columns: readonly (readonly PortedItem[])[], metrics: Metrics): Rows {
  const tops = new Map<string, number>();
  for (const column of columns)
    for (const [item, top] of stack(
      column,
      column.map(() => 0),
      metrics,
    ))
      tops.set(item.item.id, top);
  const byId = new Map(columns.flat().map((item) => [item.item.id, item]));
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const isLast = sweep === sweeps - 1;
    const order = sweep % 2 === 0 ? columns : columns.toReversed();
    const sides: readonly ("left" | "right")[] = isLast ? ["left", "right"] : [sweep % 2 === 0 ? "left" : "right"];
    for (const column of order) pull(column, sides, { tops, byId, metrics });
  }
  return snap(columns, tops, metrics);
}

interface Placing {
  readonly tops: Map<string, number>;
  readonly byId: ReadonlyMap<string, PortedItem>;
  readonly metrics: Metrics;
}

/** Moves each item of a column to the mean of where its lines on these sides would be straight, as far as the others let it. */
function pull(column: readonly PortedItem[], sides: readonly ("left" | "right")[], { tops, byId, metrics }: Placing): void {
  const wishes = column.map((item) => {
    const ports = sides.flatMap((side) => item[side].map((port) => wishOf(port, side)));
    const top = tops.get(item.item.id) ?? 0;
    return ports.length === 0
      ? { top, weight: 0.01 }
      : { top: meanOf(ports), weight: ports.length * (item.item.box === undefined ? 4 : 1) };
  });
  function wishOf({ segment, offset }: Port, side: "left" | "right"): number {
    const other = byId.get(segment[side].id);
    const port = other?.[side === "left" ? "right" : "left"].find((candidate) => candidate.segment === segment);
    return (tops.get(segment[side].id) ?? 0) + (port?.offset ?? 0) - offset;
  }
  const before = spaceBefore(column, metrics);
  const levels = poolAdjacent(wishes.map(({ top, weight }, index) => ({ value: top - (before[index] ?? 0), weight })));
  for (const [index, { item }] of column.entries()) tops.set(item.id, (levels[index] ?? 0) + (before[index] ?? 0));
}

/** The non-decreasing row of numbers that is nearest to the given ones (pool adjacent violators). */
function poolAdjacent(wishes: readonly { readonly value: number; readonly weight: number }[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  for (const wish of wishes) {
    let pool = { ...wish, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.value > pool.value; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      pool = { value: (last.value * last.weight + pool.value * pool.weight) / weight, weight, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
}

/** Whole rows. No line's right end shares a row with the left end of another line of its channel, since both may reach far into it. */
function snap(columns: readonly (readonly PortedItem[])[], wished: ReadonlyMap<string, number>, metrics: Metrics): Rows {
  const rows = { tops: new Map<string, number>(), leftEnds: new Map<Segment, number>(), rightEnds: new Map<Segment, number>() };
  const shift = Math.min(0, ...wished.values());
  for (const [index, column] of columns.entries()) {
    const taken = new Map(
      (columns[index - 1] ?? []).flatMap(({ right }) => right.map(({ segment }) => [rows.leftEnds.get(segment), segment])),
    );
    for (const [item, least] of stack(
      column,
      column.map(({ item }) => (wished.get(item.id) ?? 0) - shift),
      metrics,
    )) {
      // An item that had to move pushes those beneath it: its own least place is asked again.
      const floor = Math.max(least, floorOf(column, item, rows.tops, metrics));
      const place = findPlace(item, floor, taken);
      rows.tops.set(item.item.id, place.top);
      for (const { segment, offset } of item.left) rows.rightEnds.set(segment, place.top + offset + place.nudge);
      for (const { segment, offset } of item.right) rows.leftEnds.set(segment, place.top + offset);
    }
  }
  return rows;
}

function findPlace(item: PortedItem, least: number, taken: ReadonlyMap<number | undefined, Segment | undefined>) {
  const isBox = item.item.box !== undefined;
  const step = isBox ? 2 : 1;
  const first = isBox ? 2 * Math.ceil(least / 2) : least;
  const isFree = (top: number, nudge: number) =>
    item.left.every(({ segment, offset }) => {
      const other = taken.get(top + offset + nudge);
      return other === undefined || other === segment;
    });
  for (let top = first; top <= first + mostMoves; top += step) {
    for (const nudge of isBox ? [0, 1] : [0]) if (isFree(top, nudge)) return { top, nudge };
  }
  return { top: first, nudge: 0 };
}

function floorOf(column: readonly PortedItem[], item: PortedItem, tops: ReadonlyMap<string, number>, metrics: Metrics): number {
  const above = column[column.indexOf(item) - 1];
  return above === undefined ? 0 : (tops.get(above.item.id) ?? 0) + above.rows + metrics.gapRows;
}

/** Each item with its whole row, below the one above it. */
function stack(column: readonly PortedItem[], tops: readonly number[], metrics: Metrics): (readonly [PortedItem, number])[] {
  let least = 0;
  return column.map((item, index) => {
    const top = Math.max(least, Math.round(tops[index] ?? 0));
    least = top + item.rows + metrics.gapRows;
    return [item, top] as const;
  });
}

function spaceBefore(column: readonly PortedItem[], { gapRows }: Metrics): number[] {
  let space = 0;
  return column.map(({ rows }) => {
    const before = space;
    space += rows + gapRows;
    return before;
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
