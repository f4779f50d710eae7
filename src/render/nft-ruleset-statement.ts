/** What an element of a set counts by itself, and so when it matches: nft(8), "limit statement", "connection tracking statement". */

export type SetStatement =
  /** Matches packets beyond so many a second; a tenth of a second's worth may come at once. */
  | { readonly kind: "rate"; readonly over: number }
  /** Matches while more connections than these are open. */
  | { readonly kind: "open"; readonly over: number };

/** So that what comes in bursts by nature, such as the segments of one answer, is not refused below the limit. */
const leastBurst = 20;
const burstsPerSecond = 10;

export function renderStatement(statement: SetStatement): string {
  if (statement.kind === "open") return `ct count over ${statement.over}`;
  return `limit rate over ${statement.over}/second burst ${burstOf(statement.over)} packets`;
}

/** Packets, or connections, that may come at once. */
export function burstOf(perSecond: number): number {
  return Math.max(leastBurst, Math.ceil(perSecond / burstsPerSecond));
}
