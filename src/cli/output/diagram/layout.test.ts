import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StackView } from "../../../model/stack-view.ts";
import { fakeStack } from "../../fake-stack.ts";
import { anyStack } from "../../fake-stack-arbitrary.ts";
import { buildDiagram } from "./diagram.ts";
import { type Layout, layOut } from "./layout.ts";
import type { Metrics } from "./metrics.ts";
import { svgMetrics } from "./svg-diagram.ts";
import { textMetrics } from "./text-diagram.ts";

interface Area {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Medium {
  readonly metricsOf: (stack: StackView) => Metrics;
  /** Rows that a label takes above and below its line. */
  readonly labelRows: readonly [number, number];
}

const media: Readonly<Record<string, Medium>> = {
  svg: { metricsOf: svgMetrics, labelRows: [-2, 2] },
  text: { metricsOf: () => textMetrics(120), labelRows: [0, 1] },
};
const stacks = anyStack({ members: 12, flows: 24 });

for (const [name, { metricsOf, labelRows }] of Object.entries(media)) {
  const place = (stack: StackView) => layOut(buildDiagram(stack), metricsOf(stack));

  test(`in ${name}, no boxes or labels overlap, and all are within the picture`, () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const layout = place(stack);
        const areas = areasOf(layout, labelRows);
        for (const [index, area] of areas.entries()) {
          assert.ok(area.left >= 0 && area.right <= layout.width && area.top >= 0 && area.bottom <= layout.rows + 2, area.what);
          for (const other of areas.slice(index + 1)) assert.ok(!overlap(area, other), `${area.what} and ${other.what}`);
        }
      }),
    );
  });

  test(`in ${name}, every member, flow and exposure has its place`, () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const layout = place(stack);
        const titles = layout.boxes.map(({ box }) => box.title);
        for (const { member } of stack.iscs) assert.ok(titles.includes(member));
        const within = stack.flows.filter(({ from, to }) => to.kind === "isc" && to.isc === from).length;
        assert.equal(layout.lines.length, stack.flows.length - within + stack.exposures.length);
        assert.ok(layout.lines.every(({ points, label }) => points.length >= 2 && label.width > 0));
        assert.equal(layout.boxes.flatMap(({ starts }) => starts).length, stack.exposures.length);
      }),
    );
  });

  test(`in ${name}, lines end at the boxes that they join`, () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const { boxes, lines } = place(stack);
        const byId = new Map(boxes.map((box) => [box.box.id, box]));
        for (const { line, points, isReversed } of lines) {
          const [left, right] = isReversed ? [line.to, line.from] : [line.from, line.to];
          const [first, last, start, end] = [points[0], points.at(-1), byId.get(left), byId.get(right)];
          assert.ok(first && last && start && end);
          assert.ok(first.x >= start.x + start.width && first.row > start.row && first.row < start.row + start.rows, line.id);
          assert.ok(last.x === end.x && last.row > end.row && last.row < end.row + end.rows, line.id);
        }
      }),
    );
  });

  test(`in ${name}, no two lines run along each other on the same track`, () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const stretches = place(stack).lines.flatMap(stretchesOf);
        for (const [index, stretch] of stretches.entries()) {
          for (const other of stretches.slice(index + 1)) assert.ok(!isShared(stretch, other), `${stretch.what} and ${other.what}`);
        }
      }),
    );
  });

  test(`in ${name}, no line runs through a box or the label of another`, () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const layout = place(stack);
        const areas = areasOf(layout, labelRows);
        for (const stretch of layout.lines.flatMap(stretchesOf)) {
          const others = areas.filter(({ what }) => what !== `label of ${stretch.what}`);
          for (const area of others) assert.ok(!isCut(area, stretch), `${stretch.what} through ${area.what}`);
        }
      }),
    );
  });

  test(`in ${name}, the same stack has the same layout`, () => {
    fc.assert(
      fc.property(stacks, (stack) => assert.deepEqual(place(structuredClone(stack)), place(stack))),
      { numRuns: 20 },
    );
  });
}

test("a flow is marked on each of its networks, and an exposure on the member's first", () => {
  const { lines } = layOut(buildDiagram(fakeStack), svgMetrics(fakeStack));
  const marks = lines.map(({ line, dots }) => `${line.from} ${line.port} ${dots.map(({ network }) => network).join()}`);
  assert.deepEqual(marks, [
    "outside 443/tcp front",
    "outside 80/tcp front",
    "isc web 9000/tcp back",
    "isc app 5432/tcp back",
    "isc web 443/tcp front",
  ]);
});

function areasOf({ boxes, lines }: Layout, [above, below]: Medium["labelRows"]): Area[] {
  return [
    ...boxes.map(({ box, x, row, width, rows }) => ({ what: box.id, left: x, right: x + width, top: row, bottom: row + rows })),
    ...lines.map(({ line, label }) => ({
      what: `label of ${line.id}`,
      left: label.x,
      right: label.x + label.width,
      top: label.row + above,
      bottom: label.row + below,
    })),
  ];
}

function overlap(first: Area, second: Area): boolean {
  return first.left < second.right && second.left < first.right && first.top < second.bottom && second.top < first.bottom;
}

/** A line is thin: it may touch the edge. */
function isCut(area: Area, { left, right, top, bottom }: Area): boolean {
  return left < area.right && right > area.left && top < area.bottom && bottom > area.top && !(left === right && left === area.left);
}

function stretchesOf({ line, points }: Layout["lines"][number]): Area[] {
  return points.slice(1).flatMap((point, index) => {
    const before = points[index];
    if (before === undefined) return [];
    const [left, right] = [Math.min(before.x, point.x), Math.max(before.x, point.x)];
    return [{ what: line.id, left, right, top: Math.min(before.row, point.row), bottom: Math.max(before.row, point.row) }];
  });
}

/** More than a crossing: both lie, or both stand, on the same track, and share some of it. */
function isShared(first: Area, second: Area): boolean {
  if (first.what === second.what) return false;
  const isLying = first.top === first.bottom && first.top === second.top && second.top === second.bottom;
  const isStanding = first.left === first.right && first.left === second.left && second.left === second.right;
  return (
    (isLying && first.left < second.right && second.left < first.right) ||
    (isStanding && first.top < second.bottom && second.top < first.bottom)
  );
}
