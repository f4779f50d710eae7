import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Name } from "../../../model/name.ts";
import type { StackView } from "../../../model/stack-view.ts";
import { fakeFlow, fakeIsc, fakeNetwork, fakeStack } from "../../fake-stack.ts";
import { anyStack } from "../../fake-stack-arbitrary.ts";
import { renderStackSvg } from "./svg-diagram.ts";

const stacks = anyStack({ members: 12, flows: 24 });

test("the picture of a stack is the same, byte for byte", (context) => {
  context.assert.fileSnapshot(renderStackSvg(fakeStack), join(import.meta.dirname, "golden", "shop.svg"), {
    serializers: [(text) => text],
  });
});

test("every picture is well-formed, names every ISC, and leads nowhere else", () => {
  fc.assert(
    fc.property(stacks, (stack) => {
      const svg = renderStackSvg(stack);
      const words = readXml(svg);
      for (const { name } of stack.iscs)
        assert.ok(
          words.some((word) => word.startsWith(name)),
          name,
        );
      for (const { port, protocol } of stack.flows) assert.ok(words.some((word) => word.includes(`${port}/${protocol}`)));
      assert.doesNotMatch(svg.replace(' xmlns="http://www.w3.org/2000/svg"', ""), /https?:|<script|href|@import|<image/);
    }),
    { numRuns: 40 },
  );
});

test("what comes from outside cannot become markup", () => {
  const host = `a"><script>alert(1)</script>&\u0007\ud800`;
  const flows = [fakeFlow({ from: Name.parse("web"), to: { kind: "name", host }, port: 1, networks: [] })];
  const svg = renderStackSvg({ ...fakeStack, flows });
  assert.ok(!svg.includes("<script"));
  assert.ok(readXml(svg).some((word) => word.startsWith('a"><script>')));
});

test("thirty members fit on A4 with letters that can be read", () => {
  const network = fakeNetwork(Name.parse("flat"), 1);
  const names = Array.from({ length: 30 }, (_, index) => Name.parse(`service-${index}`));
  const iscs = names.map((member) => fakeIsc({ member, number: 0, networks: [network] }));
  const flows = names.slice(5).flatMap((to, index) => {
    const from = names[index % 12];
    return from === undefined ? [] : [fakeFlow({ from, to: { kind: "isc", isc: to }, port: 8_000 + index, networks: [network.name] })];
  });
  const stack: StackView = { ...fakeStack, networks: [network], iscs, flows, exposures: [] };
  const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(renderStackSvg(stack)) ?? []).map(Number);
  assert.ok(Math.abs(width / height - 297 / 210) < 0.01);
  // Names are 11 units high: 1.2 mm at least, 3.5 points.
  assert.ok((11 * 297) / width > 1.2, `${(11 * 297) / width} mm`);
});

/** The words of a document, after a check that its elements nest and its entities are known. */
function readXml(text: string): string[] {
  const open: string[] = [];
  const words: string[] = [];
  const pattern = /<(\/?)([a-zA-Z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closing, name, , empty, word] of text.matchAll(pattern)) {
    end += whole.length;
    assert.doesNotMatch(whole, /&(?!(?:amp|lt|gt|quot);)|\p{Cs}|(?!\n)\p{Cc}/u);
    if (word !== undefined)
      words.push(word.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&"));
    else if (closing) assert.equal(open.pop(), name);
    else if (!empty) open.push(name ?? "");
  }
  assert.equal(end, text.length, `not XML: ${text.slice(end, end + 80)}`);
  assert.deepEqual(open, []);
  return words;
}
