/** What expose and unexpose print: every way that now leads into the ISC. */
import type { ExposeAnswer } from "../../api/answers.ts";
import type { Palette } from "./palette.ts";
import { renderExposure } from "./words.ts";

export function renderExposures({ name, exposures }: ExposeAnswer, palette: Palette): string {
  const ways = exposures.length === 0 ? palette.faint("nothing exposed") : exposures.map(renderExposure).join(", ");
  return `${palette.strong(name)}  ${ways}`;
}
