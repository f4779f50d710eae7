/** Any stack that a file could describe, for properties. */
import fc from "fast-check";
import { Name } from "../model/name.ts";
import type { FlowView, StackIscView, StackView } from "../model/stack-view.ts";
import { fakeFlow, fakeIsc, fakeNetwork } from "./fake-stack.ts";

const statuses = ["running", "stopped", "failed", "starting", "quarantined", "missing"] as const;
const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$/);
const words = (least: number, most: number) =>
  fc.uniqueArray(word, { minLength: least, maxLength: most }).map((names) => names.map((name) => Name.parse(name)));

const memberShape = fc.record({
  count: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
  networks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  status: fc.constantFrom(...statuses),
  isWell: fc.boolean(),
});
const flowShape = fc.record({
  from: fc.nat(),
  to: fc.nat(),
  port: fc.integer({ min: 1, max: 65_535 }),
  isOut: fc.boolean(),
  isDock: fc.boolean(),
  begun: fc.nat(),
});

interface StackSizes {
  readonly members: number;
  readonly flows: number;
}

export function anyStack({ members, flows }: StackSizes): fc.Arbitrary<StackView> {
  return fc
    .record({
      names: words(1, members),
      networks: words(1, 5),
      shapes: fc.array(memberShape, { minLength: members, maxLength: members }),
      flowShapes: fc.array(flowShape, { maxLength: flows }),
      exposed: fc.array(fc.nat(), { maxLength: 4 }),
    })
    .map(({ names, networks: networkNames, shapes, flowShapes, exposed }): StackView => {
      const networks = networkNames.map(fakeNetwork);
      const iscs = names.flatMap((member, index): StackIscView[] => {
        const { count, networks: places, status, isWell } = shapes[index] ?? { count: 0, networks: [0], status: "running", isWell: true };
        const own = networks.filter((_, place) => places.some((wanted) => wanted % networks.length === place));
        const numbers = count === 0 ? [0] : Array.from({ length: count }, (_, number) => number + 1);
        return numbers.map((number) => ({ ...fakeIsc({ member, number, networks: own }), status, well: isWell }));
      });
      const pick = (number: number): Name => names[number % names.length] ?? Name.parse("none");
      const flows = flowShapes.map(({ from, to, port, isOut, isDock, begun }): FlowView => {
        const target = isOut ? ({ kind: "name", host: `${pick(to)}.example.org` } as const) : ({ kind: "isc", isc: pick(to) } as const);
        const used = networkNames.filter((_, index) => (from + to + index) % 2 === 0);
        return fakeFlow({ from: isDock ? "dock" : pick(from), to: target, port, begun, networks: used });
      });
      const exposures = exposed.map((member, index) => ({
        member: pick(member),
        hostPort: 8_000 + index,
        port: 80,
        protocol: "tcp" as const,
        begun: 1,
      }));
      return { name: Name.parse("shop"), desired: "up", networks, iscs, services: [], flows, exposures };
    });
}
