/**
 * The dock's record of everything that happened: lines of JSON, chained by hash, in segments. Each event is in the kernel's hands when
 * `emit` returns, so a killed dock loses nothing; a machine that loses power may lose what was not yet synced, never the chain.
 */
import fs from "node:fs";
import type { Event, EventDraft, EventSink } from "../../model/event.ts";
import type { Layout } from "../../model/layout.ts";
import { genesisHash, renderLedgerLine } from "./ledger-line.ts";
import { listSegments, readLastLine, segmentFile } from "./segments.ts";

export interface LedgerOptions {
  /** A segment is closed once it holds this much. */
  readonly segmentBytes?: number;
  readonly now?: () => Date;
}

export type EventListener = (event: Event) => void;

const usualSegmentBytes = 8 * 1024 * 1024;
/** How long an event may stay in the page cache alone. */
const syncEveryMs = 200;

/** Throws Problem STATE_DAMAGED when the last line cannot be continued. */
export async function openLedger(layout: Pick<Layout, "ledger">, options: LedgerOptions = {}): Promise<Ledger> {
  await fs.promises.mkdir(layout.ledger, { recursive: true, mode: 0o700 });
  return new Ledger(layout.ledger, options);
}

export class Ledger implements EventSink {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #now: () => Date;
  readonly #listeners = new Set<EventListener>();
  #fd: number;
  #sizeBytes: number;
  #seq: number;
  #hash: string;
  #timer: NodeJS.Timeout | undefined;

  /** Use openLedger. */
  constructor(directory: string, { segmentBytes = usualSegmentBytes, now = () => new Date() }: LedgerOptions) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#now = now;
    const last = readLastLine(directory);
    this.#seq = last?.event.seq ?? 0;
    this.#hash = last?.hash ?? genesisHash;
    const segment = listSegments(directory).at(-1);
    this.#fd = this.#open(segment?.first ?? this.#seq + 1);
    this.#sizeBytes = fs.fstatSync(this.#fd).size;
  }

  emit(draft: EventDraft): void {
    const event: Event = { seq: this.#seq + 1, time: this.#now().toISOString(), ...draft };
    const { text, hash } = renderLedgerLine(event, this.#hash);
    if (this.#sizeBytes >= this.#segmentBytes) this.#startSegment(event.seq);
    this.#sizeBytes += fs.writeSync(this.#fd, `${text}\n`);
    this.#seq = event.seq;
    this.#hash = hash;
    this.#timer ??= setTimeout(() => void this.sync(), syncEveryMs).unref();
    for (const listener of this.#listeners) listener(event);
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
    return new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error ? reject(error) : resolve())));
  }

  async close(): Promise<void> {
    await this.sync();
    fs.closeSync(this.#fd);
  }

  #startSegment(first: number): void {
    fs.fdatasyncSync(this.#fd);
    fs.closeSync(this.#fd);
    this.#fd = this.#open(first);
    this.#sizeBytes = 0;
  }

  #open(first: number): number {
    return fs.openSync(segmentFile(this.#directory, first), "a", 0o600);
  }
}
