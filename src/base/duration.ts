/** Durations in milliseconds, written as units in falling order: "1m30s". */

const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const pattern = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** The milliseconds that a text such as "250ms", "5s", "1m30s" or "1d" means; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const amounts = pattern.exec(text)?.slice(1);
  if (text === "" || amounts === undefined) return undefined;
  const durationMs = Object.values(unitsMs).reduce((sum, unitMs, index) => sum + Number(amounts[index] ?? 0) * unitMs, 0);
  const wholeMs = Math.round(durationMs);
  return Number.isSafeInteger(wholeMs) && Math.abs(wholeMs - durationMs) < 1e-6 ? wholeMs : undefined;
}

/** The exact duration: what is rendered can be parsed back to the same milliseconds. */
export function renderDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = "";
  for (const [unit, unitMs] of Object.entries(unitsMs)) {
    const amount = Math.floor(restMs / unitMs);
    restMs -= amount * unitMs;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text === "" ? "0s" : text;
}
