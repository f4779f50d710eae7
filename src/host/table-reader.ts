/** Messages of nf_tables → transactions: equal changes become one with a count, and others' tables are told without their details. */
import { parseMessages } from "./kernel/netlink-message.ts";
import { type NftChange, parseNftMessage } from "./kernel/nft-wire.ts";
import type { NetfilterMessage, TableTransaction } from "./netfilter.ts";

/** Different changes of one transaction that are told; whoever hears of so many needs no more. */
const mostChanges = 500;

export class TableReader {
  readonly #table: string;
  readonly #tellMessage: (message: NetfilterMessage) => void;
  #pending = new Map<string, NftChange & { count: number }>();
  #heardAtMs: number | undefined;
  #transactions: TableTransaction[] = [];
  #lost = false;

  constructor(table: string, tell: (message: NetfilterMessage) => void) {
    this.#table = table;
    this.#tellMessage = tell;
  }

  take(datagram: Buffer | "lost"): void {
    if (datagram === "lost") {
      this.#lost = true;
      return;
    }
    this.#heardAtMs ??= Date.now();
    for (const message of parseMessages(datagram)) {
      const parsed = parseNftMessage(message);
      if (parsed === undefined) continue;
      if ("kind" in parsed) this.#note(parsed);
      else this.#transactions.push({ ...parsed, heardAtMs: this.#heardAtMs, changes: this.#takePending() });
    }
    if (this.#pending.size === 0) this.#heardAtMs = undefined;
  }

  tell(): number {
    if (this.#transactions.length > 0 || this.#lost)
      this.#tellMessage({ kind: "committed", transactions: this.#transactions, lost: this.#lost });
    this.#transactions = [];
    this.#lost = false;
    return Number.POSITIVE_INFINITY;
  }

  #note(change: NftChange): void {
    const { name: _name, ...nameless } = change;
    const told: NftChange = change.table === this.#table ? change : nameless;
    const key = `${told.verb} ${told.kind} ${told.family} ${told.table} ${told.name ?? ""}`;
    const known = this.#pending.get(key);
    if (known) known.count += change.count;
    else if (this.#pending.size < mostChanges) this.#pending.set(key, { ...told });
  }

  #takePending(): readonly NftChange[] {
    const changes = [...this.#pending.values()];
    this.#pending = new Map();
    return changes;
  }
}
