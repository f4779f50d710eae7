/**
 * The dock's record of everything that happened: lines of JSON, chained by hash, in segments. Each event is in the kernel's hands when
 * `emit` returns, so a killed dock loses nothing; a machine that loses power may lose what was not yet synced, never the chain.
 */
import fs from "node:fs";
import { type Event, type EventDraft, type EventSink, longestMessage } from "../../model/event.ts";
import type { Layout } from "../../model/layout.ts";
import { openKeyStore, type Signature } from "../key-store.ts";
import { findLedgerEnd, type LedgerEnd } from "./ledger-end.ts";
import { genesisHash, renderLedgerLine } from "./ledger-line.ts";
import { segmentFile } from "./segments.ts";
import { renderSignedHead } from "./signed-head.ts";

export interface LedgerOptions {
  /** A segment is closed once it holds this much. */
  readonly segmentBytes?: number;
  readonly now?: () => Date;
  /** Told when an event could not be written: the disk is full, for example. */
  readonly onError?: (error: unknown) => void;
}

export type EventListener = (event: Event) => void;
type Sign = (message: Uint8Array) => Signature;

const usualSegmentBytes = 8 * 1024 * 1024;
/** How long an event may stay in the page cache alone. */
const syncEveryMs = 200;
/** The head is signed after this many events, and when the ledger is closed. */
const signEveryEvents = 1_000;

export async function openLedger(
  layout: Pick<Layout, "ledger" | "keys" | "signingKey" | "trustedKeys">,
  options: LedgerOptions = {},
): Promise<Ledger> {
  await fs.promises.mkdir(layout.ledger, { recursive: true, mode: 0o700 });
  await fs.promises.mkdir(layout.keys, { recursive: true, mode: 0o700 });
  return new Ledger(layout.ledger, await openKeyStore(layout).openSigner(), options);
}

export class Ledger implements EventSink {
  readonly #directory: string;
  readonly #sign: Sign;
  readonly #options: LedgerOptions;
  readonly #listeners = new Set<EventListener>();
  #fd = -1;
  #file = "";
  #inode = 0n;
  #changedNs = 0n;
  #sizeBytes = 0;
  #seq = 0;
  #hash = genesisHash;
  #unsigned = 0;
  /** Events that could not be written; the next one that can be is told of them. */
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Use openLedger. */
  constructor(directory: string, sign: Sign, options: LedgerOptions) {
    this.#directory = directory;
    this.#sign = sign;
    this.#options = options;
    this.#resume(findLedgerEnd(directory));
  }

  #resume({ seq, hash, segment, tornBytes, damaged }: LedgerEnd): void {
    this.#seq = seq;
    this.#hash = hash;
    if (segment === undefined) this.#startSegment();
    else this.#open(segment.first);
    if (tornBytes > 0) this.#append(about("ledger.torn", "notice", "a loss of power had torn the last line", { bytes: tornBytes }));
    if (damaged !== undefined)
      this.#append(about("ledger.damaged", "critical", `the last line of ${damaged} is no event`, { file: damaged }));
  }

  get head(): { readonly seq: number; readonly hash: string } {
    return { seq: this.#seq, hash: this.#hash };
  }

  get directory(): string {
    return this.#directory;
  }

  /** The segment that is written now. */
  get file(): string {
    return this.#file;
  }

  /** Nobody but this ledger has touched that segment: its time of change, which cannot be set back, is that of the last write. */
  isUntouched(): boolean {
    const found = fs.statSync(this.#file, { bigint: true, throwIfNoEntry: false });
    return found !== undefined && found.ino === this.#inode && found.ctimeNs === this.#changedNs;
  }

  emit(draft: EventDraft): void {
    try {
      if (this.#sizeBytes >= (this.#options.segmentBytes ?? usualSegmentBytes)) this.#startSegment();
      if (this.#lost > 0) this.#appendLost();
      const event = this.#append(draft);
      if (this.#unsigned >= signEveryEvents) this.#appendSignedHead();
      this.#timer ??= setTimeout(() => void this.sync().catch((error: unknown) => this.#options.onError?.(error)), syncEveryMs).unref();
      for (const listener of this.#listeners) listener(event);
    } catch (error) {
      this.#lost++;
      this.#options.onError?.(error);
    }
  }

  /** @returns a function that ends it */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything emitted so far is on the disk. */
  sync(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const fd = this.#fd;
    return new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error && error.code !== "EBADF" ? reject(error) : resolve())));
  }

  async close(): Promise<void> {
    if (this.#unsigned > 0) this.#appendSignedHead();
    await this.sync();
    fs.closeSync(this.#fd);
  }

  #append(draft: EventDraft): Event {
    const time = (this.#options.now?.() ?? new Date()).toISOString();
    const event: Event = { seq: this.#seq + 1, time, ...draft, message: draft.message.slice(0, longestMessage) };
    const { text, hash } = renderLedgerLine(event, this.#hash);
    const bytes = Buffer.from(`${text}\n`);
    const written = fs.writeSync(this.#fd, bytes);
    if (written < bytes.length) {
      // A full disk: half a line would break the chain.
      fs.ftruncateSync(this.#fd, this.#sizeBytes);
      throw new Error("no space is left for the ledger");
    }
    this.#sizeBytes += written;
    this.#changedNs = fs.fstatSync(this.#fd, { bigint: true }).ctimeNs;
    this.#seq = event.seq;
    this.#hash = hash;
    this.#unsigned++;
    return event;
  }

  #appendSignedHead(): void {
    const head = this.head;
    this.#append(renderSignedHead(head, this.#sign));
    this.#unsigned = 0;
  }

  #appendLost(): void {
    const count = this.#lost;
    this.#append(about("ledger.lost", "critical", `${count} events could not be written`, { count }));
    this.#lost = 0;
  }

  /** Every segment begins with the signed head of the one before: it proves itself, also alone. */
  #startSegment(): void {
    if (this.#fd >= 0) {
      fs.fdatasyncSync(this.#fd);
      fs.closeSync(this.#fd);
    }
    this.#open(this.#seq + 1);
    this.#appendSignedHead();
  }

  #open(first: number): void {
    this.#file = segmentFile(this.#directory, first);
    this.#fd = fs.openSync(this.#file, "a", 0o600);
    const { size, ino, ctimeNs } = fs.fstatSync(this.#fd, { bigint: true });
    this.#sizeBytes = Number(size);
    this.#inode = ino;
    this.#changedNs = ctimeNs;
  }
}

function about(kind: string, severity: EventDraft["severity"], message: string, facts: EventDraft["facts"]): EventDraft {
  return { sensor: "dock", severity, kind, message, facts };
}
