/** How single values look in tables and sentences: times, ages, digests, ports. */
import type { Exposure } from "../../model/network.ts";

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long something took: "82 ms", "3.1 s", "2 min 5 s". */
export function renderTook(tookMs: number): string {
  if (tookMs < 999.5) return `${Math.round(tookMs)} ms`;
  const tenths = Math.round(tookMs / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(tookMs / secondMs);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How long ago, in its largest unit: "5 s", "3 min", "2 h", "9 d". A clock that was set back counts as now. */
export function renderAge(fromMs: number, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - fromMs);
  if (ageMs < minuteMs) return `${Math.floor(ageMs / secondMs)} s`;
  if (ageMs < hourMs) return `${Math.floor(ageMs / minuteMs)} min`;
  return ageMs < 2 * dayMs ? `${Math.floor(ageMs / hourMs)} h` : `${Math.floor(ageMs / dayMs)} d`;
}

/** UTC to the second, as it sorts: "2026-03-01 12:30:05Z". */
export function renderTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** The first 12 digits of an image's digest: enough to name it. */
export function renderShortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}

type Shown = Pick<Exposure, "hostPort" | "port" | "protocol"> & { readonly address?: string | undefined };

/** As in "8080→80", "127.0.0.1:5353→53/udp". */
export function renderExposure({ address, hostPort, port, protocol }: Shown): string {
  const host = address === undefined ? "" : `${address.includes(":") ? `[${address}]` : address}:`;
  return `${host}${hostPort}→${port}${protocol === "udp" ? "/udp" : ""}`;
}

export function renderCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
