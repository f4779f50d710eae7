/** What a series of measured values says: never a mean, which one slow moment of the machine spoils. */

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Undefined for an empty series. */
export function summarize(values: readonly number[]): Summary | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? max;
  const lower = sorted[middle - 1] ?? min;
  return { count: sorted.length, min, median: sorted.length % 2 === 1 ? upper : (lower + upper) / 2, max };
}

/** How many times `reference` a value is; undefined where that says nothing. */
export function ratioOf(value: number | undefined, reference: number | undefined): number | undefined {
  if (value === undefined || reference === undefined || reference === 0) return undefined;
  return value / reference;
}

/** The value that a share of all lies at or below. Throws Error for an empty series. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new Error("nothing was measured");
  return found;
}
