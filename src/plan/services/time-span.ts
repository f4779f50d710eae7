/** Time spans as units write them (systemd.time(7)): "90", "1min 30s", "1h". */

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  "": 1_000,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** Milliseconds; undefined when the text is no time span, Infinity for "infinity". */
export function parseTimeSpan(text: string): number | undefined {
  if (text.trim() === "infinity") return Number.POSITIVE_INFINITY;
  const pieces = [...text.matchAll(/\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]*)/gy)];
  if (pieces.length === 0 || pieces.map((piece) => piece[0]).join("").length !== text.trimEnd().length) return undefined;
  let sum = 0;
  for (const [, amount, unit] of pieces) {
    const unitMs = Object.hasOwn(unitsMs, unit ?? "") ? unitsMs[unit ?? ""] : undefined;
    if (unitMs === undefined) return undefined;
    sum += Number(amount) * unitMs;
  }
  return Math.round(sum);
}
