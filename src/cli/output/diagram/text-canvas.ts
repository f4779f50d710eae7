/** A sheet of terminal cells on which lines that meet become the right box-drawing character. */

const [up, right, down, left] = [1, 2, 4, 8] as const;
const joints = " ╵╶└╷│┌├╴┘─┴┐┤┬┼";

interface Cell {
  /** Which of its four sides a line touches. */
  sides: number;
  letter: string;
  paint: (text: string) => string;
}

type Paint = Cell["paint"];

export class TextCanvas {
  readonly #rows: Cell[][];

  constructor(width: number, height: number) {
    this.#rows = Array.from({ length: height }, () => Array.from({ length: width }, () => ({ sides: 0, letter: "", paint: plain })));
  }

  /** Letters stand above lines. What is beyond the edge is cut. */
  write(x: number, y: number, text: string, paint: Paint = plain): void {
    for (const [index, letter] of [...text].entries()) {
      const cell = this.#rows[y]?.[x + index];
      if (cell === undefined) continue;
      cell.letter = letter;
      cell.paint = paint;
    }
  }

  /** What stays in the background: it gives way to whatever is drawn there. */
  writeBehind(x: number, y: number, text: string, paint: Paint): void {
    const cell = this.#rows[y]?.[x];
    if (cell !== undefined && cell.sides === 0 && cell.letter === "") this.write(x, y, text, paint);
  }

  horizontal(y: number, from: number, to: number): void {
    for (let x = from; x <= to; x += 1) this.#touch(x, y, (x > from ? left : 0) | (x < to ? right : 0));
  }

  vertical(x: number, from: number, to: number): void {
    for (let y = from; y <= to; y += 1) this.#touch(x, y, (y > from ? up : 0) | (y < to ? down : 0));
  }

  toString(): string {
    return this.#rows.map((row) => row.map(renderCell).join("").trimEnd()).join("\n");
  }

  #touch(x: number, y: number, sides: number): void {
    const cell = this.#rows[y]?.[x];
    if (cell !== undefined) cell.sides |= sides;
  }
}

function plain(text: string): string {
  return text;
}

function renderCell({ sides, letter, paint }: Cell): string {
  return letter === "" ? (joints[sides] ?? " ") : paint(letter);
}
