/** Where lines touch their boxes: in the order of what they lead to, so that they do not cross at once. */
import type { Columns, Item, Segment } from "./columns.ts";
import type { DiagramBox } from "./diagram.ts";
import { boxRows, type Metrics } from "./metrics.ts";

export interface Port {
  readonly segment: Segment;
  /** Rows below the item's top. */
  readonly offset: number;
}

export interface PortedItem {
  readonly item: Item;
  readonly rows: number;
  readonly left: readonly Port[];
  readonly right: readonly Port[];
}

export function placePorts({ columns, channels }: Columns, metrics: Metrics): PortedItem[][] {
  const places = new Map(columns.flatMap((column) => column.map(({ id }, index) => [id, index] as const)));
  const placeOf = ({ id }: Item) => places.get(id) ?? 0;
  const lines = new Map(channels.flat().map(({ line }, index) => [line.id, index] as const));
  const sortBy = (segments: readonly Segment[] = [], other: "left" | "right") =>
    segments.toSorted(
      (first, second) =>
        placeOf(first[other]) - placeOf(second[other]) || (lines.get(first.line.id) ?? 0) - (lines.get(second.line.id) ?? 0),
    );
  const entering = Map.groupBy(channels.flat(), ({ right }) => right.id);
  const leaving = Map.groupBy(channels.flat(), ({ left }) => left.id);
  return columns.map((column) =>
    column.map((item) => portItem(item, sortBy(entering.get(item.id), "left"), sortBy(leaving.get(item.id), "right"), metrics)),
  );
}

function portItem(item: Item, left: readonly Segment[], right: readonly Segment[], metrics: Metrics): PortedItem {
  const { box } = item;
  if (box === undefined) return { item, rows: 0, left: spread(left, 0, metrics), right: spread(right, 0, metrics) };
  const rows = boxRows(box, { left: left.length, right: right.length }, metrics);
  const starts = { left: middle(rows, left.length, metrics), right: rightStart(box, rows, right.length, metrics) };
  return { item, rows, left: spread(left, starts.left, metrics), right: spread(right, starts.right, metrics) };
}

/** Beneath the title where the ports have words of their own. */
function rightStart(box: DiagramBox, rows: number, count: number, metrics: Metrics): number {
  return box.kind === "outside" ? metrics.headRows + (metrics.headRows % 2) : middle(rows, count, metrics);
}

/** Even, as the tops of boxes are: see place-rows.ts. */
function middle(rows: number, count: number, { portRows }: Metrics): number {
  return 2 * Math.round((rows - (count - 1) * portRows) / 4);
}

function spread(segments: readonly Segment[], start: number, { portRows }: Metrics): Port[] {
  return segments.map((segment, index) => ({ segment, offset: start + index * portRows }));
}
