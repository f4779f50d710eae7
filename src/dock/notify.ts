/** Tells people and programs what the dock has done by itself: by POST to an address, or to a program of the host. */
import { reasonOf } from "../base/reason-of.ts";
import type { Engine } from "../engine/engine.ts";
import { type Event, isAtLeast } from "../model/event.ts";
import type { NotifyTarget } from "../model/respond.ts";

const patienceMs = 10_000;
const attempts = 3;
const pauseMs = 1_000;
/** Events that wait for a target that is slow; more are left out, and counted. */
const mostWaiting = 256;
/** Steps on the way are for the ledger. */
const left = new Set(["response.begin", "response.evidence", "response.drain", "response.unsent"]);

export class Notifier implements AsyncDisposable {
  readonly #lines: readonly Line[];

  constructor(engine: Engine, targets: readonly NotifyTarget[]) {
    this.#lines = targets.map((target) => new Line(engine, target));
  }

  hear(event: Event): void {
    if (event.sensor === "response" && !left.has(event.kind)) for (const line of this.#lines) line.take(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.end()));
  }
}

/** One target; one event after the other, in their order. */
class Line {
  readonly #engine: Engine;
  readonly #target: NotifyTarget;
  readonly #ended = new AbortController();
  readonly #waiting: Event[] = [];
  #work: Promise<void> | undefined;
  #unsent = 0;

  constructor(engine: Engine, target: NotifyTarget) {
    this.#engine = engine;
    this.#target = target;
  }

  take(event: Event): void {
    if (!isAtLeast(event.severity, this.#target.severity)) return;
    if (this.#waiting.length >= mostWaiting) return void this.#unsent++;
    this.#waiting.push(event);
    this.#work ??= this.#sendAll().finally(() => {
      this.#work = undefined;
    });
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#work;
  }

  async #sendAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const reason = await this.#send(event);
      if (reason !== undefined || this.#unsent > 0) this.#tellUnsent(event, reason);
    }
  }

  /** @returns why it could not be sent */
  async #send(event: Event): Promise<string | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#sendOnce(JSON.stringify(event));
        return undefined;
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
        if (attempt >= attempts || this.#ended.signal.aborted) return `${reasonOf(error)}${cause}`;
        await this.#engine.host.sleep(pauseMs);
      }
    }
  }

  async #sendOnce(text: string): Promise<void> {
    const { to } = this.#target;
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(patienceMs)]);
    if (to.kind === "command") {
      const [program = "", ...rest] = to.command;
      await this.#engine.host.run({ program, arguments: rest, input: `${text}\n`, timeoutMs: patienceMs, signal });
      return;
    }
    const response = await fetch(to.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: text,
      signal,
      redirect: "error",
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  }

  #tellUnsent(event: Event, reason: string | undefined): void {
    const { to } = this.#target;
    const target = to.kind === "url" ? to.url : (to.command[0] ?? "");
    const count = this.#unsent + (reason === undefined ? 0 : 1);
    this.#unsent = 0;
    this.#engine.events.emit({
      sensor: "response",
      severity: "warning",
      kind: "response.unsent",
      message: `${target} was not told of ${count} responses${reason === undefined ? "" : `: ${reason}`}`,
      ...(event.isc === undefined ? {} : { isc: event.isc }),
      facts: { target, count, ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }) },
    });
  }
}
