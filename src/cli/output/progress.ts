/** Draws what a long operation tells: one living line per step on a terminal, plain lines elsewhere. It writes to standard error, so that results stay clean. */
import { textWidth } from "../../base/table.ts";
import type { Progress } from "../../model/progress.ts";
import type { OutputStream } from "../streams.ts";
import { type Palette, plainPalette } from "./palette.ts";
import { renderTook } from "./words.ts";

export interface ProgressDrawing extends Disposable {
  show(progress: Progress): void;
  /** Takes the unfinished line away, so that something else can be printed. */
  clear(): void;
}

interface DrawingOptions {
  readonly stream: OutputStream;
  readonly palette: Palette;
  readonly now: () => number;
}

/** How often the seconds of the living line move on. */
const refreshMs = 100;
const eraseLine = "\r\u001b[K";

/** One line about a step; without `tookMs` it is still at work. */
function renderProgress({ step, text, index, total, tookMs, cached }: Progress, palette: Palette): string {
  const place = index === undefined ? "" : palette.faint(total === undefined ? `[${index}] ` : `[${index}/${total}] `);
  const end = cached ? palette.faint("already there") : tookMs === undefined ? "" : palette.good(renderTook(tookMs));
  return [`${place}${palette.strong(step)}`, text, end].filter((part) => part !== "").join("  ");
}

export function drawProgress(options: DrawingOptions): ProgressDrawing {
  return options.stream.isTTY === true ? new LivingLine(options) : new PlainLines(options);
}

class PlainLines implements ProgressDrawing {
  readonly #options: DrawingOptions;
  #last = "";

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  show(progress: Progress): void {
    const line = renderProgress(progress, this.#options.palette);
    if (line !== this.#last) this.#options.stream.write(`${line}\n`);
    this.#last = line;
  }

  clear(): void {}

  [Symbol.dispose](): void {}
}

class LivingLine implements ProgressDrawing {
  readonly #options: DrawingOptions;
  #current: { readonly progress: Progress; readonly sinceMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  show(progress: Progress): void {
    const { stream, palette, now } = this.#options;
    if (progress.tookMs === undefined && progress.cached !== true) {
      const sinceMs = this.#current?.progress.step === progress.step ? this.#current.sinceMs : now();
      this.#current = { progress, sinceMs };
      this.#timer ??= setInterval(() => this.#draw(), refreshMs).unref();
      this.#draw();
      return;
    }
    this.#current = undefined;
    stream.write(`${eraseLine}${renderProgress(progress, palette)}\n`);
  }

  clear(): void {
    if (this.#current !== undefined) this.#options.stream.write(eraseLine);
    this.#current = undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    if (this.#current === undefined) return;
    const { stream, palette, now } = this.#options;
    const { progress, sinceMs } = this.#current;
    const time = ` … ${renderTook(now() - sinceMs)}`;
    // Cut, since a line that wraps cannot be taken back. Plain, since a cut may go through a colour.
    const line = renderProgress(progress, palette);
    const room = (stream.columns ?? 80) - time.length - 1;
    stream.write(
      eraseLine +
        (textWidth(line) <= room ? line : renderProgress(progress, plainPalette).slice(0, Math.max(0, room))) +
        palette.faint(time),
    );
  }
}
