/** Lays rows out in columns for a terminal. Colours in a cell do not count as width. */

export interface Column {
  readonly header: string;
  readonly align?: "left" | "right";
}

const columnGap = "  ";
// The escape sequences that colour text (ECMA-48 SGR); everything else counts.
const colourSequences = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
// Latin letters, punctuation and arrows: one code unit, one cell. Loading the segmenter's data takes 10 ms, which most tables need not wait for.
const narrowText = /^[\u0020-\u02ff\u2010-\u2027\u2190-\u21ff]*$/;
const wideLetters = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;

/** One line for the headers and one for each row. The last column is neither cut nor wrapped, and no line ends in spaces. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.header), ...rows];
  const widths = columns.map((_, index) => lines.reduce((widest, cells) => Math.max(widest, textWidth(cells[index] ?? "")), 0));
  return lines.map((cells) => renderLine(columns, widths, cells)).join("\n");
}

/** How many terminal cells a text takes. */
export function textWidth(text: string): number {
  const letters = text.replace(colourSequences, "");
  if (narrowText.test(letters)) return letters.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(letters)) width += wideLetters.test(segment) ? 2 : 1;
  return width;
}

function renderLine(columns: readonly Column[], widths: readonly number[], cells: readonly string[]): string {
  return columns
    .map((column, index) => {
      const cell = cells[index] ?? "";
      const padding = " ".repeat((widths[index] ?? 0) - textWidth(cell));
      return column.align === "right" ? padding + cell : cell + padding;
    })
    .join(columnGap)
    .trimEnd();
}
