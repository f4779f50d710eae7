/** Lines of the picture: what may flow, with its arrow, its label and its marks on the networks. */
import type { DiagramLine } from "./diagram.ts";
import type { PlacedLine, Point } from "./layout.ts";
import { inkOf, rowPx, sizes } from "./svg-style.ts";
import { svgElement, svgText, svgTitle, widthOfMono, widthOfSans } from "./svg-text.ts";

const arrowPx = 7;
const cornerPx = 5;

export function svgLabelWidth(line: DiagramLine, isReversed: boolean): number {
  return Math.ceil(Math.max(widthOfMono(portOf(line, isReversed), sizes.isc), widthOfSans(line.begun, sizes.small)));
}

function portOf({ port }: DiagramLine, isReversed: boolean): string {
  return isReversed ? `← ${port}` : port;
}

export function svgFlow({ line, points, isReversed, label, dots }: PlacedLine, networks: readonly string[]): string {
  const colour = inkOf(line.networks[0], networks);
  const marks = dots.map(({ x, row, network }) => svgElement("circle", { cx: x, cy: row * rowPx, r: 3.2, fill: inkOf(network, networks) }));
  const y = label.row * rowPx;
  const words = [
    svgText(label.x, y - 4, portOf(line, isReversed), { class: "mono isc" }),
    svgText(label.x, y + 12, line.begun, { class: "small faint" }),
  ];
  const path = svgElement("path", { class: "line", d: pathOf(points, isReversed), stroke: colour });
  return svgElement("g", {}, svgTitle(describeLine(line)), path, svgArrow(points, isReversed, colour), ...marks, ...words);
}

/** "web to app, 9000/tcp, on back" */
export function describeLine({ from, to, port, networks, start }: DiagramLine): string {
  const name = (id: string) => id.replace(/^(?:isc|to) /, "");
  const door = start === undefined ? "" : ` by ${start}`;
  return `${name(from)} to ${name(to)}${door}, ${port}${networks.length === 0 ? "" : `, on ${networks.join(" and ")}`}`;
}

/** Corners are rounded as far as the turn is long. */
function pathOf(points: readonly Point[], isReversed: boolean): string {
  const places = points.map(({ x, row }) => ({ x, y: row * rowPx }));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined) return "";
  const inner = places.slice(1, -1).map((corner, index) => {
    const [before, after] = [places[index], places[index + 2]];
    if (before === undefined || after === undefined) return "";
    const [enter, leave] = [towards(corner, before), towards(corner, after)];
    return `L${enter.x} ${enter.y}Q${corner.x} ${corner.y} ${leave.x} ${leave.y}`;
  });
  const [startX, endX] = isReversed ? [first.x + arrowPx, last.x] : [first.x, last.x - arrowPx];
  return `M${startX} ${first.y}${inner.join("")}L${endX} ${last.y}`;
}

function towards(from: { x: number; y: number }, to: { x: number; y: number }): { x: number; y: number } {
  const distance = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
  const part = distance === 0 ? 0 : Math.min(cornerPx, distance / 2) / distance;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

function svgArrow(points: readonly Point[], isReversed: boolean, colour: string): string {
  const tip = isReversed ? points[0] : points.at(-1);
  if (tip === undefined) return "";
  const back = isReversed ? arrowPx + 1 : -arrowPx - 1;
  const y = tip.row * rowPx;
  return svgElement("path", { d: `M${tip.x} ${y}l${back} -4v8Z`, fill: colour });
}

export function svgStripName(network: string, middleX: number, y: number, networks: readonly string[]): string {
  return svgText(middleX, y, network, { class: "bold isc", "text-anchor": "middle", style: `fill: ${inkOf(network, networks)}` });
}
