/** Bandwidths in bits a second, written with decimal units as in tc(8): "10Mbit". */

const units = ["bit", "kbit", "Mbit", "Gbit"];
const pattern = /^(\d+(?:\.\d+)?) ?(bit|kbit|Mbit|Gbit)(?:\/s)?$/;

/** The bits a second that a text such as "500kbit" or "1.5Gbit/s" means; undefined when it is none, or no whole number of bits. */
export function parseBandwidth(text: string): number | undefined {
  const [, amount = "", unit = ""] = pattern.exec(text) ?? [];
  const [whole = "", fraction = ""] = amount.split(".");
  const zeros = 3 * units.indexOf(unit);
  // Digits are moved rather than multiplied: 1.1 times a thousand is no whole number to a computer.
  const digits = `${whole}${fraction.padEnd(zeros, "0")}`;
  const bitsPerSecond = fraction.length <= zeros ? Number(digits) : Number.NaN;
  return amount !== "" && Number.isSafeInteger(bitsPerSecond) ? bitsPerSecond : undefined;
}

/** The exact bandwidth in the largest unit that divides it: what is rendered can be parsed back to the same bits. */
export function renderBandwidth(bitsPerSecond: number): string {
  let exponent = 0;
  while (bitsPerSecond > 0 && exponent < units.length - 1 && bitsPerSecond % 1000 ** (exponent + 1) === 0) exponent += 1;
  return `${bitsPerSecond / 1000 ** exponent}${units[exponent]}`;
}
