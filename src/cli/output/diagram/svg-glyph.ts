/** The condition of an ISC as a shape, which needs no colour to be told from the others. */
import type { Condition } from "../stack-words.ts";
import { svgElement } from "./svg-text.ts";

export const conditionWords: Readonly<Record<Condition, string>> = {
  well: "runs",
  ill: "runs, ill",
  starting: "starting",
  quarantined: "quarantined",
  failed: "failed",
  stopped: "stopped",
  missing: "missing",
};

const good = "#2f7a5b";
const bad = "#b3373f";
const warning = "#8a5a12";
const grey = "#5d6a76";

/** Centred on x and y, 9 pixels wide. */
export function svgGlyph(condition: Condition, x: number, y: number): string {
  const outline = { fill: "#fff", "stroke-width": 1.4 };
  switch (condition) {
    case "well":
      return svgElement("circle", { cx: x, cy: y, r: 4, fill: good });
    case "ill":
      return svgElement("path", { d: `M${x} ${y - 4.5}L${x + 4.8} ${y + 4}H${x - 4.8}Z`, fill: warning });
    case "starting":
      return (
        svgElement("circle", { cx: x, cy: y, r: 3.6, stroke: grey, ...outline }) +
        svgElement("path", { d: `M${x} ${y - 3.6}A3.6 3.6 0 0 1 ${x} ${y + 3.6}Z`, fill: grey })
      );
    case "quarantined":
      return (
        svgElement("rect", { x: x - 4, y: y - 4, width: 8, height: 8, stroke: bad, ...outline }) +
        svgElement("rect", { x: x - 2, y: y - 2, width: 4, height: 4, fill: bad })
      );
    case "failed":
      return svgElement("path", { d: `M${x - 3.5} ${y - 3.5}l7 7m0 -7l-7 7`, stroke: bad, "stroke-width": 2.2, fill: "none" });
    case "stopped":
      return svgElement("circle", { cx: x, cy: y, r: 3.6, stroke: grey, ...outline });
    case "missing":
      return svgElement("circle", { cx: x, cy: y, r: 3.6, stroke: grey, "stroke-dasharray": "2 1.6", ...outline });
  }
}
