import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { textWidth } from "../../base/table.ts";
import { Name } from "../../model/name.ts";
import type { NetworkProbe } from "../../model/stack-view.ts";
import { renderNetworkTest } from "./network-matrix.ts";
import { plainPalette } from "./palette.ts";
import { buildMatrix } from "./probe-matrix.ts";

const stack = Name.parse("shop");

test("twenty different ISCs fit into 120 columns", () => {
  const names = Array.from({ length: 20 }, (_, index) => `shop-service${String.fromCharCode(97 + index)}`);
  const text = render(allPairs(["outside", "dock", ...names], (from, to) => (from.length + to.charCodeAt(12)) % 3 === 0).flatMap(manyWays));
  for (const line of text.split("\n")) assert.ok(textWidth(line) <= 120, line);
  for (const name of names) assert.ok(text.includes(name));
  assert.match(text, /^a {2}80,8080,9000\/udp,icmp echo$/m);
});

test("ISCs of one member share a row as long as they behave alike", () => {
  const names = ["shop-web", "shop-app-1", "shop-app-2", "shop-app-3"];
  const isOpen = (from: string, to: string) => from === "shop-web" && to.startsWith("shop-app");
  const labels = (probes: readonly NetworkProbe[]) => buildMatrix(probes).ends.map(({ label }) => label);
  assert.deepEqual(labels(allPairs(names, isOpen)), ["shop-web", "shop-app-1…3"]);
  const odd = allPairs(names, (from, to) => isOpen(from, to) || (from === "shop-app-2" && to === "shop-web"));
  assert.deepEqual(labels(odd), ["shop-web", "shop-app-1,3", "shop-app-2"]);
});

test("what differs is said in a sentence, once for both families", () => {
  const probes = ([4, 6] as const).flatMap((family): NetworkProbe[] => [
    { from: "shop-web", to: "shop-db", network: Name.parse("back"), family, what: "tcp 5432", expected: "refused", seen: "passes" },
    { from: "outside", to: "shop-web", family, what: "tcp 443", expected: "passes", seen: "refused" },
  ]);
  assert.deepEqual(render(probes, true).split("\n"), [
    "! tcp 5432 from shop-web to shop-db passes, but nothing allows it (network back, IPv4 and IPv6)",
    "! tcp 443 from outside to shop-web is refused, but the file allows it (IPv4 and IPv6)",
  ]);
});

test("what is as declared is counted, and --quiet says nothing of it", () => {
  const probes = allPairs(["shop-a", "shop-b"], (from) => from === "shop-a");
  assert.match(render(probes), /2 probes: 1 refused, 1 passes, as declared; 1\.9 s$/);
  assert.equal(render(probes, true), "");
});

function manyWays(probe: NetworkProbe): NetworkProbe[] {
  return ["tcp 8080", "udp 9000", "icmp echo", "tcp 80"].map((what) => ({ ...probe, what }));
}

function allPairs(names: readonly string[], isOpen: (from: string, to: string) => boolean): NetworkProbe[] {
  return names.flatMap((from) =>
    names
      .filter((to) => to !== from && to !== "outside")
      .map((to) => {
        const seen = isOpen(from, to) ? "passes" : "refused";
        return { from, to, family: 4, what: "tcp 80", expected: seen, seen };
      }),
  );
}

function render(probes: readonly NetworkProbe[], quiet = false): string {
  const io = { stdout: new PassThrough() } as unknown as Parameters<typeof renderNetworkTest>[1]["io"]; // Only its width is asked.
  const flags = { json: false, quiet, dock: undefined, mayStartDock: false };
  return renderNetworkTest({ stack, probes, tookMs: 1_904 }, { palette: plainPalette, flags, io });
}
