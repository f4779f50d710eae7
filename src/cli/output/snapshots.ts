/** One snapshot in one line. */
import type { SnapshotRecord } from "../../model/snapshot.ts";
import type { Palette } from "./palette.ts";
import { renderCount, renderShortDigest, renderTime } from "./words.ts";

export function renderSnapshot({ isc, name, takenAtMs, image, volumes }: SnapshotRecord, palette: Palette): string {
  const volume = volumes.length === 0 ? "no volumes" : `${renderCount(volumes.length, "volume")}: ${volumes.join(", ")}`;
  return `${palette.strong(`${isc}@${name}`)}  ${renderTime(takenAtMs)}  image ${renderShortDigest(image)}  ${volume}`;
}
