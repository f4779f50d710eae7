/** What the virtual machine tells the host, line by line. */
export type GuestLine =
  | { readonly kind: "passed"; readonly title: string; readonly tookMs: number }
  | { readonly kind: "skipped" | "failed"; readonly title: string; readonly tookMs: number; readonly words: string }
  | { readonly kind: "note"; readonly words: string }
  | { readonly kind: "end" };

/** A machine that was cut off leaves half a line behind, which is dropped. */
export function parseGuestLines(text: string): readonly GuestLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as GuestLine);
}
