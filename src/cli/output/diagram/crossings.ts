/** The order within each column, so that few lines cross: each item moves towards the middle of its neighbours, again and again. */
import type { Columns, Item, Segment } from "./columns.ts";

const sweeps = 10;

export function orderColumns({ columns, channels }: Columns): Columns {
  let current = columns;
  let best = { columns, count: countCrossings({ columns, channels }) };
  for (let sweep = 0; sweep < sweeps && best.count > 0; sweep += 1) {
    current = sweep % 2 === 0 ? sweepRight(current, channels) : sweepLeft(current, channels);
    const count = countCrossings({ columns: current, channels });
    if (count < best.count) best = { columns: current, count };
  }
  return { columns: best.columns, channels };
}

function countCrossings({ columns, channels }: Columns): number {
  return channels.reduce((sum, segments, channel) => {
    const [left, right] = [placesOf(columns[channel] ?? []), placesOf(columns[channel + 1] ?? [])];
    const ends = segments.map((segment) => [left.get(segment.left.id) ?? 0, right.get(segment.right.id) ?? 0] as const);
    return sum + countPairs(ends);
  }, 0);
}

function countPairs(ends: readonly (readonly [number, number])[]): number {
  let count = 0;
  for (const [index, [left, right]] of ends.entries()) {
    for (const [otherLeft, otherRight] of ends.slice(index + 1)) {
      if ((left - otherLeft) * (right - otherRight) < 0) count += 1;
    }
  }
  return count;
}

type Order = readonly (readonly Item[])[];

function sweepRight(columns: Order, channels: Columns["channels"]): Order {
  const swept = [...columns];
  for (const [channel, segments] of channels.entries()) {
    const neighbours = neighboursOf(segments, "right", placesOf(swept[channel] ?? []));
    swept[channel + 1] = sortItems(swept[channel + 1] ?? [], neighbours);
  }
  return swept;
}

function sweepLeft(columns: Order, channels: Columns["channels"]): Order {
  const swept = [...columns];
  for (const [channel, segments] of [...channels.entries()].toReversed()) {
    const neighbours = neighboursOf(segments, "left", placesOf(swept[channel + 1] ?? []));
    swept[channel] = sortItems(swept[channel] ?? [], neighbours);
  }
  return swept;
}

/** For each item at one end of the channel: where its neighbours stand at the other. */
function neighboursOf(segments: readonly Segment[], own: "left" | "right", places: ReadonlyMap<string, number>) {
  const other = own === "left" ? "right" : "left";
  const byItem = Map.groupBy(segments, (segment) => segment[own].id);
  return new Map([...byItem].map(([id, list]) => [id, list.map((segment) => places.get(segment[other].id) ?? 0)]));
}

/** Items without neighbours keep their place among the others. */
function sortItems(items: readonly Item[], neighbours: ReadonlyMap<string, readonly number[]>): Item[] {
  const middles = new Map(
    items.map(({ id }, index) => {
      const places = neighbours.get(id) ?? [];
      return [id, places.length === 0 ? index : places.reduce((sum, place) => sum + place, 0) / places.length];
    }),
  );
  return items.toSorted((first, second) => (middles.get(first.id) ?? 0) - (middles.get(second.id) ?? 0));
}

function placesOf(items: readonly Item[]): ReadonlyMap<string, number> {
  return new Map(items.map(({ id }, index) => [id, index]));
}
