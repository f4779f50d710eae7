/** A stack as one SVG on A4 landscape: outside, exposed ports, networks, ISCs and allowed flows, with how they are just now. */
import type { StackView } from "../../../model/stack-view.ts";
import { renderStackState } from "../stack-words.ts";
import { buildDiagram, type Diagram } from "./diagram.ts";
import { type Layout, layOut, type PlacedStrip } from "./layout.ts";
import type { Metrics } from "./metrics.ts";
import { svgBox, svgBoxWidth, svgLineRows } from "./svg-box.ts";
import { footerHeight, svgFooter } from "./svg-footer.ts";
import { describeLine, svgFlow, svgLabelWidth, svgStripName } from "./svg-line.ts";
import { definitions, inkOf, rowPx, sizes, styleSheet, tintOf } from "./svg-style.ts";
import { escapeXml, svgElement, svgText, svgTitle, widthOfBold } from "./svg-text.ts";

/** A4 on a screen of 96 dots an inch: the picture is drawn at this size, or smaller when it holds more. */
const page = { width: 1_123, height: 794 } as const;
const margin = 36;
const headerPx = 64;
const footerGapPx = 40;

export function renderStackSvg(stack: StackView): string {
  const diagram = buildDiagram(stack);
  const layout = layOut(diagram, svgMetrics(stack));
  const scale = scaleOf(layout.width, layout.rows, stack);
  const [width, height] = [Math.ceil(page.width * scale), Math.ceil(page.height * scale)];
  const free = (page.height - heightAround(stack)) * scale - layout.rows * rowPx;
  const place = `translate(${Math.round((width - layout.width) / 2)} ${Math.round((margin + headerPx) * scale + free / 3)})`;
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    width: "297mm",
    height: "210mm",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-labelledby": "title description",
  };
  const parts = [
    svgElement("title", { id: "title" }, escapeXml(`Stack ${stack.name}`)),
    svgElement("desc", { id: "description" }, escapeXml(describe(stack, diagram))),
    svgElement("style", {}, styleSheet),
    definitions,
    svgElement("rect", { width, height, fill: "#fff" }),
    svgElement("g", { transform: `scale(${Math.round(scale * 1_000) / 1_000})` }, drawFrame(stack)),
    svgElement("g", { transform: place }, drawLayout(layout, diagram)),
  ];
  return `${svgElement("svg", root, `\n${parts.join("\n")}\n`)}\n`;
}

/** Title and footer keep their size on the page, however small the picture between them becomes. */
function drawFrame(stack: StackView): string {
  const name = svgText(margin, margin + 16, stack.name, { class: "bold title" });
  const state = svgText(margin, margin + 36, renderStackState(stack), { class: "heading faint" });
  return name + state + svgFooter(stack, margin, page.height - margin - footerHeight(stack) + 12, page.width - 2 * margin);
}

/** How many times larger than a page the drawing is, but 1 at least. */
function scaleOf(width: number, rows: number, stack: StackView): number {
  return Math.max(1, width / (page.width - 2 * margin), (rows * rowPx) / Math.max(200, page.height - heightAround(stack)));
}

function heightAround(stack: StackView): number {
  return 2 * margin + headerPx + footerGapPx + footerHeight(stack);
}

export function svgMetrics(stack: StackView): Metrics {
  return {
    lineRows: svgLineRows,
    portRows: 4,
    headRows: 4,
    footRows: 1,
    gapRows: 3,
    topRows: 4,
    boxWidth: svgBoxWidth,
    labelWidth: svgLabelWidth,
    stripWidth: (network) => Math.ceil(widthOfBold(network, sizes.isc)) + 12,
    trackWidth: 9,
    padding: 9,
    arrowWidth: 10,
    // What fits at full size is as good as what is smaller: then the fewest columns win.
    cost: (width, rows) => scaleOf(width, rows, stack),
  };
}

function drawLayout(layout: Layout, { networks }: Diagram): string {
  const strips = layout.strips.map((strip) => drawStrip(strip, layout.rows * rowPx, networks));
  const lines = layout.lines.map((line) => svgFlow(line, networks));
  return `\n${[...strips, ...lines, ...layout.boxes.map(svgBox)].join("\n")}\n`;
}

function drawStrip({ network, x, width }: PlacedStrip, height: number, networks: readonly string[]): string {
  const colour = inkOf(network, networks);
  const area = {
    x,
    y: 0,
    width,
    height,
    rx: 3,
    fill: tintOf(network, networks),
    stroke: colour,
    "stroke-width": 0.5,
    "stroke-dasharray": "1 3",
  };
  return svgElement("g", {}, svgTitle(`network ${network}`), svgElement("rect", area), svgStripName(network, x + width / 2, 16, networks));
}

function describe(stack: StackView, { lines }: Diagram): string {
  const flows = lines.map(describeLine).join("; ");
  return `${renderStackState(stack)}. ${flows === "" ? "Nothing may flow" : `May flow: ${flows}`}. Everything else is closed.`;
}
