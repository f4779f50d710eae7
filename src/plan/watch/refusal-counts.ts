/** Holds the firewall's exact counters against what was told packet by packet: what is in no event is told as a number. */

export interface RefusalCount {
  readonly refusal: string;
  readonly link: string;
  readonly refused: number;
  readonly untold: number;
}

interface Account {
  /** What the counter said at the last two looks. */
  last: number;
  earlier: number;
  told: number;
  untold: number;
  /** Of those since `earlier`, the dock's own. */
  own: number;
}

type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Packets reach the log a moment after the counter, so each look judges what the counter said at the look before. */
export class RefusalCounts {
  readonly #accounts = new Map<string, Account>();

  /** These packets are in events; `own` of them need be in none. */
  told(refusal: string, link: string, count: number, own = 0): void {
    const account = this.#account(refusal, link);
    account.told += count;
    account.own += own;
  }

  /**
   * @param counts of each kind of refusal, by link; as `Firewall.countRefused` answers
   * @param ownOf how many of so many untold packets the dock has sent itself, to test its networks
   */
  look(counts: Counts, ownOf: (refusal: string, link: string, untold: number) => number = () => 0): readonly RefusalCount[] {
    return [...counts].flatMap(([refusal, byLink]) =>
      [...byLink].flatMap(([link, packets]) => {
        const account = this.#account(refusal, link);
        // The table was loaded anew.
        if (packets < account.last) Object.assign(account, fresh());
        const unexplained = account.last - account.told - account.untold;
        const own = unexplained > 0 ? ownOf(refusal, link, unexplained) : 0;
        account.told += own;
        account.own += own;
        const untold = unexplained - own;
        const refused = account.last - account.earlier - account.own;
        if (untold > 0) Object.assign(account, { earlier: account.last, own: 0 });
        account.last = packets;
        if (untold <= 0) return [];
        account.untold += untold;
        return [{ refusal, link, refused, untold }];
      }),
    );
  }

  /** Something was counted since the last look that no look has judged. */
  get isBehind(): boolean {
    return [...this.#accounts.values()].some(({ last, told, untold }) => last !== told + untold);
  }

  #account(refusal: string, link: string): Account {
    const key = `${refusal} ${link}`;
    const account = this.#accounts.get(key) ?? fresh();
    this.#accounts.set(key, account);
    return account;
  }
}

function fresh(): Account {
  return { last: 0, earlier: 0, told: 0, untold: 0, own: 0 };
}
