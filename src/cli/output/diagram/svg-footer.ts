/** Beneath the picture: the networks with their addresses, and what the signs mean. */
import type { StackView } from "../../../model/stack-view.ts";
import { type Condition, renderUplink } from "../stack-words.ts";
import { renderCount } from "../words.ts";
import { conditionWords, svgGlyph } from "./svg-glyph.ts";
import { inkOf, sizes, tintOf } from "./svg-style.ts";
import { svgElement, svgText, widthOfMono } from "./svg-text.ts";

const linePx = 17;
const headPx = 24;
const legendWidth = 424;
const conditions: readonly Condition[] = ["well", "ill", "starting", "quarantined", "failed", "stopped", "missing"];
const legendLines = [
  "Arrow: who may begin connections to whom; everything else is closed.",
  "Dot on a strip: the network that they pass.",
  "Number under an arrow: connections begun since the firewall was loaded.",
  "↑ sent, ↓ received since the ISC started; open: its connections now.",
];

export function footerHeight({ networks }: StackView): number {
  return headPx + linePx * Math.max(networks.length, Math.ceil(conditions.length / 4) + legendLines.length);
}

/** @param width from the left edge of the networks to the right edge of the legend */
export function svgFooter(stack: StackView, x: number, y: number, width: number): string {
  const rule = svgElement("line", { x1: x, y1: y - 10, x2: x + width, y2: y - 10, stroke: "#c9d0d6" });
  return rule + svgNetworks(stack, x, y) + svgLegend(x + width - legendWidth, y);
}

function svgNetworks({ networks, iscs }: StackView, x: number, y: number): string {
  const names = networks.map(({ name }) => name);
  const rows = networks.map(({ name, subnet, subnet6, mtu, uplink }) => {
    const count = iscs.filter(({ interfaces }) => interfaces.some(({ network }) => network === name)).length;
    const way = uplink === undefined ? "no way out" : `out by ${uplink.kind === "any" ? "any uplink" : renderUplink(uplink)}`;
    return [name, subnet, subnet6, `MTU ${mtu}`, renderCount(count, "ISC"), way];
  });
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => widthOfMono(cells[column] ?? "", sizes.small))) + 14);
  const lines = rows.map((cells, index) => {
    const top = y + headPx + index * linePx;
    const name = cells[0] ?? "";
    const swatch = svgElement("rect", {
      x,
      y: top - 10,
      width: 14,
      height: 12,
      fill: tintOf(name, names),
      stroke: inkOf(name, names),
      "stroke-width": 0.8,
    });
    let left = x + 22;
    const words = cells.map((cell, column) => {
      const text = svgText(left, top, cell, { class: `small ${column === 0 ? "bold" : column < 3 ? "mono" : "faint"}` });
      left += widths[column] ?? 0;
      return text;
    });
    return swatch + words.join("");
  });
  return svgText(x, y + 6, "Networks", { class: "bold heading" }) + lines.join("");
}

function svgLegend(x: number, y: number): string {
  const shapes = conditions.map((condition, index) => {
    const [left, top] = [x + (index % 4) * 104, y + headPx + Math.floor(index / 4) * linePx];
    return svgGlyph(condition, left + 5, top - 4) + svgText(left + 15, top, conditionWords[condition], { class: "small" });
  });
  const below = y + headPx + Math.ceil(conditions.length / 4) * linePx;
  const words = legendLines.map((line, index) => svgText(x, below + index * linePx, line, { class: "small faint" }));
  return svgText(x, y + 6, "Legend", { class: "bold heading" }) + shapes.join("") + words.join("");
}
