/** The condition of an ISC as one letter and one colour. */
import type { Palette } from "../palette.ts";
import type { Condition } from "../stack-words.ts";

export const textGlyphs: Readonly<Record<Condition, string>> = {
  well: "●",
  ill: "▲",
  starting: "◐",
  quarantined: "▣",
  failed: "✕",
  stopped: "○",
  missing: "◌",
};

export function paintOfCondition(condition: Condition, palette: Palette): (text: string) => string {
  if (condition === "well") return palette.good;
  if (condition === "starting") return palette.warning;
  return condition === "stopped" || condition === "missing" ? palette.faint : palette.bad;
}
