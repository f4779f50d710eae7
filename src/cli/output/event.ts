/** One event as one line of text: time, severity, ISC, kind, message. */
import type { Event } from "../../model/event.ts";
import type { Palette } from "./palette.ts";
import { renderPrintable } from "./printable.ts";

const widths = { severity: 8, isc: 12, kind: 18 } as const;

export function renderEvent({ time, severity, isc, kind, message, technique }: Event, palette: Palette): string {
  const paint = { info: palette.faint, notice: palette.good, warning: palette.warning, alert: palette.bad, critical: palette.bad }[
    severity
  ];
  const columns = [
    palette.faint(`${time.slice(0, 19).replace("T", " ")}Z`),
    paint(severity.padEnd(widths.severity)),
    palette.strong((isc ?? "-").padEnd(widths.isc)),
    kind.padEnd(widths.kind),
    renderPrintable(message) + (technique === undefined ? "" : palette.faint(` [${technique}]`)),
  ];
  return `${columns.join("  ")}\n`;
}
