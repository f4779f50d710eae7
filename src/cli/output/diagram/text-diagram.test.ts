import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { textWidth } from "../../../base/table.ts";
import { fakeStack } from "../../fake-stack.ts";
import { anyStack } from "../../fake-stack-arbitrary.ts";
import { plainPalette } from "../palette.ts";
import { renderStackDiagram } from "./text-diagram.ts";

const golden = (name: string) => join(import.meta.dirname, "golden", name);
const serializers = [(text: string) => text];

test("a wide terminal is given a picture", (context) => {
  context.assert.fileSnapshot(renderStackDiagram(fakeStack, { palette: plainPalette, columns: 140 }), golden("shop-140.txt"), {
    serializers,
  });
});

test("a narrow one is given a list", (context) => {
  context.assert.fileSnapshot(renderStackDiagram(fakeStack, { palette: plainPalette, columns: 60 }), golden("shop-60.txt"), {
    serializers,
  });
});

test("a picture is no wider than the terminal, and shows every flow", () => {
  fc.assert(
    fc.property(anyStack({ members: 5, flows: 6 }), fc.integer({ min: 80, max: 300 }), (stack, columns) => {
      const text = renderStackDiagram(stack, { palette: plainPalette, columns });
      for (const { port, protocol } of stack.flows) assert.ok(text.includes(`${port}/${protocol}`));
      const isPicture = text.includes("┌") || stack.iscs.length === 0;
      if (isPicture) for (const line of text.split("\n").slice(1)) assert.ok(textWidth(line) <= columns);
    }),
    { numRuns: 60 },
  );
});
