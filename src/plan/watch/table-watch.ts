/** Who has committed what to nf_tables: the dock itself, or somebody else, and whether it is about the dock's table. Pure. */

export interface TableChange {
  readonly verb: "new" | "gone";
  readonly kind: string;
  readonly family: string;
  readonly table: string;
  /** Of the chain, set or object; of a rule its chain, of an element its set. */
  readonly name?: string;
  readonly count: number;
}

export interface Committed {
  readonly generation: number;
  readonly pid: number;
  readonly program: string;
  readonly changes: readonly TableChange[];
}

export interface Concern {
  /** The dock has loaded its whole table. */
  readonly loaded: boolean;
  /** What somebody else has changed in the dock's table. */
  readonly own: readonly TableChange[];
  /** Somebody has changed a table that could refuse what the dock allows. */
  readonly foreign: boolean;
}

const nothing: Concern = { loaded: false, own: [], foreign: false };
/** Also what a dock makes and removes while it asks the kernel what it can do. */
const tableOfDocks = /^isc_[0-9a-f]{4}(_|$)/;
const forwarding: ReadonlySet<string> = new Set(["ip", "ip6", "inet"]);

export class TableWatch {
  readonly #table: string;
  readonly #mark: string;
  /** As the host counts, which is not as a dock in a pid namespace counts. */
  #ownPid: number | undefined;

  /** @param mark name of a table that the dock makes once, so that its own number is known; what comes before is nobody's */
  constructor(table: string, mark: string) {
    this.#table = table;
    this.#mark = mark;
  }

  judge({ pid, changes }: Pick<Committed, "pid" | "changes">): Concern {
    if (changes.some(({ table }) => table === this.#mark)) this.#ownPid = pid;
    if (this.#ownPid === undefined) return nothing;
    const own = changes.filter(({ family, table }) => family === "inet" && table === this.#table);
    if (pid === this.#ownPid) return { ...nothing, loaded: own.some(({ kind, verb }) => kind === "table" && verb === "new") };
    return { loaded: false, own, foreign: changes.some(isForeignRule) };
  }
}

function isForeignRule({ kind, family, table }: TableChange): boolean {
  return forwarding.has(family) && ["table", "chain", "rule"].includes(kind) && !tableOfDocks.test(table);
}
