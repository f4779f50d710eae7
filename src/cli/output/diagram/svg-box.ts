/** Boxes of the picture: members with their ISCs, the outside, what it is connected to. */
import { renderRoundedSize } from "../../../base/size.ts";
import type { StackIscView } from "../../../model/stack-view.ts";
import { conditionOf, renderNumber } from "../stack-words.ts";
import type { BoxLine, DiagramBox } from "./diagram.ts";
import type { PlacedBox } from "./layout.ts";
import { conditionWords, svgGlyph } from "./svg-glyph.ts";
import { faintInk, ink, rowPx, sizes } from "./svg-style.ts";
import { svgElement, svgText, svgTitle, widthOfBold, widthOfMono, widthOfSans } from "./svg-text.ts";

const margin = 10;
const glyphWidth = 14;
const cellWidth = 34;
/** Above the first line of text: see headRows in svg-diagram.ts. */
const headPx = 4 * rowPx;
const textPx = 2 * rowPx;
const leastWidth = 96;

export function svgBoxWidth(box: DiagramBox, starts: readonly string[]): number {
  const lines = box.lines.map(lineWidth);
  const words = starts.map((start) => widthOfMono(start, sizes.isc) + 2 * margin);
  return Math.ceil(Math.max(leastWidth, widthOfBold(box.title, sizes.box) + 2 * margin, ...lines, ...words));
}

/** An ISC's name, and beneath it what there is to say of it. */
export function svgLineRows(line: BoxLine): number {
  return line.kind === "isc" && wordsOf(line.isc) !== "" ? 4 : 2;
}

function lineWidth(line: BoxLine): number {
  switch (line.kind) {
    case "isc":
      return 2 * margin + glyphWidth + Math.max(widthOfSans(line.isc.name, sizes.isc), widthOfSans(wordsOf(line.isc), sizes.small));
    case "iscs":
      return 2 * margin + line.iscs.length * cellWidth;
    case "text":
      return 2 * margin + widthOfSans(line.text, sizes.small);
  }
}

/** "ill, ↑1.2 MiB ↓340 KiB, 4 open" */
function wordsOf(isc: StackIscView): string {
  const condition = conditionOf(isc);
  const { traffic, connections } = isc;
  return [
    ...(condition === "well" ? [] : [condition]),
    ...(isc.status === "running" && !isc.serving ? ["not serving"] : []),
    ...(traffic === undefined ? [] : [`↑${renderRoundedSize(traffic.sentBytes)} ↓${renderRoundedSize(traffic.receivedBytes)}`]),
    ...(connections === undefined ? [] : [`${renderNumber(connections)} open`]),
  ].join(", ");
}

export function svgBox({ box, x, row, width, rows, starts }: PlacedBox): string {
  const [y, height] = [row * rowPx, rows * rowPx];
  const isMember = box.kind === "member";
  const frame = {
    x,
    y,
    width,
    height,
    rx: isMember ? 5 : 12,
    stroke: isMember ? ink : faintInk,
    "stroke-width": 1.2,
    "stroke-dasharray": isMember ? undefined : "5 3",
    fill: isMember && isIdle(box) ? "url(#hatch)" : "#fff",
  };
  const titleY = isMember || starts.length > 0 ? y + 18 : y + height / 2 + 4.5;
  const title = svgText(isMember ? x + margin : x + width / 2, titleY, box.title, {
    class: `${isMember ? "bold " : ""}box`,
    "text-anchor": isMember ? undefined : "middle",
  });
  let top = y + headPx;
  const lines = box.lines.map((line) => {
    const markup = svgLine(line, x, top);
    top += svgLineRows(line) * rowPx;
    return markup;
  });
  const ports = starts.map(({ text, row: port }) =>
    svgText(x + width - margin, port * rowPx + 4, text, { class: "mono isc", "text-anchor": "end" }),
  );
  return svgElement("g", {}, svgTitle(box.title), svgElement("rect", frame), title, ...lines, ...ports);
}

function isIdle({ lines }: DiagramBox): boolean {
  const iscs = lines.flatMap((line) => (line.kind === "isc" ? [line.isc] : line.kind === "iscs" ? line.iscs : []));
  return iscs.every(({ status }) => status !== "running" && status !== "starting");
}

function svgLine(line: BoxLine, x: number, top: number): string {
  const middle = top + textPx / 2;
  const baseline = middle + 4;
  if (line.kind === "text") return svgText(x + margin, baseline, line.text, { class: "small faint" });
  if (line.kind === "iscs") return line.iscs.map((isc, index) => svgCell(isc, x + margin + index * cellWidth, middle)).join("");
  const { isc } = line;
  return svgElement(
    "g",
    {},
    svgTitle(`${isc.name}: ${conditionWords[conditionOf(isc)]}`),
    svgGlyph(conditionOf(isc), x + margin + 4, middle),
    svgText(x + margin + glyphWidth, baseline, isc.name, { class: "isc" }),
    svgText(x + margin + glyphWidth, baseline + textPx - 2, wordsOf(isc), { class: "small faint" }),
  );
}

/** One of many: its shape and its number. */
function svgCell(isc: StackIscView, x: number, middle: number): string {
  const number = /\d+$/.exec(isc.name)?.[0] ?? "";
  return svgElement(
    "g",
    {},
    svgTitle(`${isc.name}: ${conditionWords[conditionOf(isc)]}`),
    svgGlyph(conditionOf(isc), x + 4, middle),
    svgText(x + 11, middle + 4, number, { class: "small" }),
  );
}
