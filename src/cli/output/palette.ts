/** Colours by meaning. Without a terminal, with NO_COLOR (no-color.org) or --no-color, every one of them is plain text. */
import type { OutputStream } from "../streams.ts";

type Paint = (text: string) => string;

export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

const plain: Paint = (text) => text;
export const plainPalette: Palette = { good: plain, bad: plain, warning: plain, faint: plain, strong: plain };

interface PaletteChoice {
  readonly stdout: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly noColour: boolean;
}

/** Loads the colours only when they will be used: a script's call need not wait for them. */
export async function choosePalette({ stdout, environment, noColour }: PaletteChoice): Promise<Palette> {
  if (noColour || environment.NO_COLOR || environment.TERM === "dumb" || stdout.isTTY !== true) return plainPalette;
  const colours = await import("yoctocolors");
  return { good: colours.green, bad: colours.red, warning: colours.yellow, faint: colours.dim, strong: colours.bold };
}
