/** What the picture would show, as a list: for terminals that are too narrow. */
import type { StackIscView } from "../../../model/stack-view.ts";
import type { Palette } from "../palette.ts";
import { conditionOf } from "../stack-words.ts";
import type { Diagram, DiagramBox, DiagramLine } from "./diagram.ts";
import { paintOfCondition, textGlyphs } from "./text-glyph.ts";

interface ListSpace {
  readonly palette: Palette;
  readonly columns: number;
}

export function renderFlowList({ boxes, lines }: Diagram, space: ListSpace): string {
  const shown = boxes.filter(({ kind }) => kind !== "target");
  const titles = new Map(boxes.map(({ id, title }) => [id, title]));
  return shown
    .map((box) => {
      const own = lines.filter(({ from }) => from === box.id);
      const flows = own.map((line, index) => renderLine(line, { titles, isLast: index === own.length - 1, palette: space.palette }));
      return [space.palette.strong(box.title), ...renderLines(box, space), ...flows].join("\n");
    })
    .join("\n\n");
}

function renderLine(
  { to, port, begun, start, networks }: DiagramLine,
  { titles, isLast, palette }: { titles: ReadonlyMap<string, string>; isLast: boolean; palette: Palette },
): string {
  const door = start === undefined ? "" : `${start} `;
  const way = networks.length === 0 ? "─" : `─${networks.join(",")}─`;
  return `${isLast ? "└" : "├"}${door}${palette.faint(way)}▶ ${palette.strong(titles.get(to) ?? to)} ${port}  ${palette.faint(`begun ${begun}`)}`;
}

function renderLines({ lines }: DiagramBox, { palette, columns }: ListSpace): string[] {
  const iscs = [...new Set(lines.flatMap((line) => (line.kind === "isc" ? [line.isc] : line.kind === "iscs" ? line.iscs : [])))];
  const words = lines.flatMap((line) => (line.kind === "text" ? [`│ ${palette.faint(line.text)}`] : []));
  return [...fillLines(iscs, palette, columns), ...words];
}

/** As many ISCs in a line as the terminal has room for. */
function fillLines(iscs: readonly StackIscView[], palette: Palette, columns: number): string[] {
  const rows: string[] = [];
  let width = columns;
  for (const isc of iscs) {
    const condition = conditionOf(isc);
    const words = `${isc.name}${condition === "well" ? "" : ` ${condition}`}`;
    const cell = `${paintOfCondition(condition, palette)(textGlyphs[condition])} ${words}`;
    const cellWidth = words.length + 4;
    if (width + cellWidth > columns) rows.push(`│ ${cell}`);
    else rows.push(`${rows.pop()}  ${cell}`);
    width = (width + cellWidth > columns ? 0 : width) + cellWidth;
  }
  return rows;
}
