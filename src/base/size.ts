/** Sizes in bytes, written with binary units: "128MiB". */

const units = ["B", "KiB", "MiB", "GiB", "TiB"];
const pattern = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|TiB)?$/;

/** The bytes that a text such as "128MiB", "1.5GiB" or "4096" means; undefined when it is no size or no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = "B"] = pattern.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const sizeBytes = Number(amount) * 1024 ** units.indexOf(unit);
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined;
}

/** The exact size in the largest unit that divides it: what is rendered can be parsed back to the same bytes. */
export function renderSize(sizeBytes: number): string {
  let exponent = 0;
  while (sizeBytes > 0 && exponent < units.length - 1 && sizeBytes % 1024 ** (exponent + 1) === 0) exponent += 1;
  return `${sizeBytes / 1024 ** exponent}${units[exponent]}`;
}

/** The size for people, about three digits: "61.3 MiB". */
export function renderRoundedSize(sizeBytes: number): string {
  let exponent = 0;
  while (exponent < units.length - 1 && sizeBytes >= 999.5 * 1024 ** exponent) exponent += 1;
  const amount = sizeBytes / 1024 ** exponent;
  const digits = exponent === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toFixed(digits)} ${units[exponent]}`;
}
