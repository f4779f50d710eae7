/** One way by which events leave: reads the ledger behind a cursor that outlives the dock, and tries again when nobody takes them. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import type { Logger } from "pino";
import { reasonOf } from "../../base/reason-of.ts";
import type { Forward } from "../../model/dock-config.ts";
import { type EventDraft, isAtLeast } from "../../model/event.ts";
import type { Ledger } from "../../store/ledger/ledger.ts";
import { LedgerCursor } from "../../store/ledger/ledger-cursor.ts";
import { parseLedgerLine } from "../../store/ledger/ledger-line.ts";
import { type Outlet, openOutlet } from "./outlet.ts";
import { renderSyslog } from "./syslog-message.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export class Forwarder implements AsyncDisposable {
  readonly #ledger: Ledger;
  readonly #forward: Forward;
  readonly #log: Logger;
  readonly #bookmark: string;
  readonly #cursor: LedgerCursor;
  readonly #unsubscribe: () => void;
  #outlet: Outlet | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #ended = false;
  #failed = false;
  #pauseMs = firstPauseMs;
  #timer: NodeJS.Timeout | undefined;

  constructor(ledger: Ledger, forward: Forward, log: Logger) {
    this.#ledger = ledger;
    this.#forward = forward;
    this.#log = log;
    this.#bookmark = `${ledger.directory}/forwarded-${createHash("sha256").update(JSON.stringify(forward)).digest("hex").slice(0, 12)}`;
    this.#cursor = new LedgerCursor(ledger.directory, readBookmark(this.#bookmark) ?? beginningOf(forward, ledger));
    this.#unsubscribe = ledger.subscribe(() => this.#wake());
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#outlet?.close();
    await this.#running;
  }

  #wake(): void {
    this.#again = true;
    if (this.#ended || this.#running !== undefined || this.#timer !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#ended) {
        this.#again = false;
        await this.#cursor.read((line) => this.#send(line));
        writeBookmark(this.#bookmark, this.#cursor.seq);
      }
      this.#pauseMs = firstPauseMs;
    } catch (error) {
      this.#fail(error);
    }
  }

  async #send(line: string): Promise<void> {
    if (this.#ended) throw new Error("the dock ends");
    const event = parseLedgerLine(line)?.event;
    const { format, severity, target } = this.#forward;
    if (event === undefined || !isAtLeast(event.severity, severity)) return;
    this.#outlet ??= await openOutlet(target, format === "syslog" ? "octets" : "lines");
    await this.#outlet.write(format === "syslog" ? renderSyslog(event) : line);
    if (this.#failed) this.#tell("forward.restored", "notice", "events leave again");
    this.#failed = false;
  }

  #fail(error: unknown): void {
    this.#outlet?.close();
    this.#outlet = undefined;
    writeBookmark(this.#bookmark, this.#cursor.seq);
    if (this.#ended) return;
    const reason = reasonOf(error);
    if (!this.#failed) this.#tell("forward.failed", "warning", `events cannot leave: ${reason}`);
    this.#failed = true;
    this.#log.warn({ forward: this.#forward.target, error: reason, retryMs: this.#pauseMs }, "forward");
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, this.#pauseMs).unref();
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }

  #tell(kind: string, severity: EventDraft["severity"], message: string): void {
    const { format, target } = this.#forward;
    const place = "path" in target ? target.path : `${target.host}:${target.port}`;
    this.#ledger.emit({
      sensor: "dock",
      severity,
      kind,
      message: `${message} (${format} to ${target.kind} ${place})`,
      facts: { format, to: target.kind, place },
    });
  }
}

/** A copy is worth most when it is whole; a log begins now. */
function beginningOf({ format }: Forward, { head }: Ledger): number {
  return format === "json" ? 0 : head.seq;
}

function readBookmark(file: string): number | undefined {
  try {
    const seq = Number(fs.readFileSync(file, "utf8"));
    return Number.isInteger(seq) ? seq : undefined;
  } catch {
    return undefined;
  }
}

/** One that is lost sends events twice, which is better than not at all: no sync, a rename. */
function writeBookmark(file: string, seq: number): void {
  fs.writeFileSync(`${file}.draft`, `${seq}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.draft`, file);
}
