/**
 * The guard of the dock's own table: when somebody else changes it or takes it away, it is loaded again at once, and connections that
 * came about meanwhile against its rules are cut. Changes of others' tables bring the look at foreign firewalls forward.
 */
import { randomBytes } from "node:crypto";
import { reasonOf } from "../../base/reason-of.ts";
import type { NetfilterMessage, TableTransaction } from "../../host/netfilter.ts";
import { tableName } from "../../model/identity.ts";
import { RestoreTally, type TableRepair } from "../../plan/watch/restore-tally.ts";
import { type TableChange, TableWatch } from "../../plan/watch/table-watch.ts";
import type { Engine } from "../engine.ts";
import { forgetStrayConnections } from "../parts/connections.ts";
import { ensureForeignPassage } from "../parts/foreign-firewall.ts";
import { differsFromWanted } from "../verify/firewall-difference.ts";

/** Between two restores: at most twenty a second, whatever a stranger does. */
const restorePauseMs = 50;
/** After one that failed. */
const retryMs = 1_000;
/** Programs change tables step by step: the look at foreign firewalls waits so long for the next step. */
const settleMs = 100;
/** Between two such looks. */
const foreignPauseMs = 1_000;
const mostChanges = 1_000;

interface Damage {
  readonly generation: number;
  readonly heardAtMs: number;
  readonly by: TableRepair["by"];
  readonly changes: readonly TableChange[];
}

export class FirewallGuard implements Disposable {
  readonly #engine: Engine;
  readonly #restores: boolean;
  readonly #table: string;
  readonly #mark: string;
  readonly #watch: TableWatch;
  readonly #tally = new RestoreTally();
  #damage: readonly Damage[] = [];
  #timer: NodeJS.Timeout | undefined;
  #foreignTimer: NodeJS.Timeout | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #foreignAtMs = Number.NEGATIVE_INFINITY;

  constructor(engine: Engine, restores: boolean) {
    this.#engine = engine;
    this.#restores = restores;
    this.#table = tableName(engine.dock);
    this.#mark = `${this.#table}_${randomBytes(4).toString("hex")}`;
    this.#watch = new TableWatch(this.#table, this.#mark);
  }

  /** Once it is told of changes: by a table that is made and removed in one go the dock learns who it is itself. Throws NftError. */
  begin(): void {
    this.#engine.host.kernel.nftables.run(`table inet ${this.#mark} {}\ndelete table inet ${this.#mark}\n`);
  }

  tellMissing(reason: string): void {
    this.#engine.events.emit({
      sensor: "firewall",
      severity: "warning",
      kind: "sensor.missing",
      message: `changes of the firewall's table are not seen at once: ${reason}`,
      facts: { sensor: "firewall", reason, remains: "integrity" },
    });
  }

  /** What the listener has heard. */
  take({ transactions, lost }: Extract<NetfilterMessage, { readonly kind: "committed" }>): void {
    for (const transaction of transactions) this.#note(transaction);
    if (lost) this.#look();
    if (this.#damage.length > 0) this.#act();
  }

  endIntervals(): void {
    this.#emit(this.#tally.end(this.#engine.host.monotonic()));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#foreignTimer);
    this.#emit(this.#tally.end(Number.POSITIVE_INFINITY));
  }

  #note(transaction: TableTransaction): void {
    const { generation, heardAtMs, pid, program } = transaction;
    const { loaded, own, foreign } = this.#watch.judge(transaction);
    // Heard of only now, and long mended: it came before the table was loaded.
    if (loaded) this.#damage = this.#damage.filter((damage) => damage.generation > generation);
    // What the dock has not loaded yet it loads anyway.
    if (own.length > 0 && this.#engine.firewall.isLoaded && this.#damage.length < mostChanges)
      this.#damage = [...this.#damage, { generation, heardAtMs, by: { pid, program }, changes: own }];
    if (foreign) this.#expectForeign();
  }

  /** Messages were lost, and nobody knows what was in them. */
  #look(): void {
    this.#expectForeign();
    if (!this.#engine.firewall.isLoaded || !differsFromWanted(this.#engine)) return;
    const heardAtMs = this.#engine.host.now();
    this.#damage = [...this.#damage, { generation: Number.POSITIVE_INFINITY, heardAtMs, by: undefined, changes: [] }];
  }

  #act(): void {
    const waitMs = this.#notBeforeMs - this.#engine.host.monotonic();
    clearTimeout(this.#timer);
    if (!this.#restores) this.#leave("firewall.restore is off in dock.yaml");
    else if (waitMs <= 0) this.#restore();
    else this.#timer = setTimeout(() => this.#restore(), waitMs).unref();
  }

  #restore(): void {
    if (this.#damage.length === 0) return;
    const { host, firewall } = this.#engine;
    this.#notBeforeMs = host.monotonic() + restorePauseMs;
    try {
      firewall.restore();
    } catch (error) {
      this.#leave(reasonOf(error), { keep: true });
      this.#notBeforeMs = host.monotonic() + retryMs;
      this.#act();
      return;
    }
    const openMs = Math.max(0, host.now() - Math.min(...this.#damage.map(({ heardAtMs }) => heardAtMs)));
    this.#tell({ kind: "restored", openMs, connections: this.#cut() });
  }

  #cut(): number {
    try {
      return forgetStrayConnections(this.#engine);
    } catch (error) {
      this.#tellUncut(reasonOf(error));
      return 0;
    }
  }

  #tellUncut(reason: string): void {
    this.#engine.events.emit({
      sensor: "firewall",
      severity: "alert",
      kind: "firewall.uncut",
      message: `connections that began while the firewall's table was not as it should be could not be cut: ${reason}`,
      facts: { table: this.#table, reason: reason.slice(0, 1_000) },
    });
  }

  #leave(reason: string, { keep } = { keep: false }): void {
    const damage = this.#damage;
    this.#tell({ kind: "left", reason });
    if (keep) this.#damage = damage;
  }

  #tell(outcome: TableRepair["outcome"]): void {
    const { length } = this.#damage;
    const [first] = this.#damage;
    if (!first) return;
    const by = this.#damage.findLast((damage) => damage.by)?.by;
    const changes = this.#damage.flatMap((damage) => damage.changes);
    this.#damage = [];
    this.#emit(this.#tally.note({ table: this.#table, by, changes, count: length, outcome }, this.#engine.host.monotonic()));
  }

  #emit(drafts: ReturnType<RestoreTally["end"]>): void {
    for (const draft of drafts) this.#engine.events.emit(draft);
  }

  /** What fails here the dock's clock tries again, and tells. */
  #expectForeign(): void {
    const { host } = this.#engine;
    const waitMs = Math.max(settleMs, this.#foreignAtMs + foreignPauseMs - host.monotonic());
    this.#foreignTimer ??= setTimeout(() => {
      this.#foreignTimer = undefined;
      this.#foreignAtMs = host.monotonic();
      ensureForeignPassage(this.#engine).catch(() => undefined);
    }, waitMs).unref();
  }
}
