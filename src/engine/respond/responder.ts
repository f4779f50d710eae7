/**
 * The responder: hears every event, asks the policy, and does what it says, one action at a time for each ISC. What was begun and what
 * was done are events of the ledger, and all it knows after a restart is what it reads there.
 */

import { reasonOf } from "../../base/reason-of.ts";
import type { Digest } from "../../model/digest.ts";
import type { Event, EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import type { ResponseDeclaration, ResponsePolicy } from "../../model/respond.ts";
import { emptyBook, type ResponseBook, recordResponse } from "../../plan/response/book.ts";
import { type Decision, decide, decideAgain, type Situation } from "../../plan/response/decide.ts";
import { joinPolicies } from "../../plan/response/policy.ts";
import type { Engine } from "../engine.ts";
import { verifyMany } from "../verify/verify.ts";
import { carryOut, type MoreActions, type Response } from "./actions.ts";

export interface ResponderOptions {
  readonly declaration: ResponseDeclaration;
  readonly more?: MoreActions;
  readonly onError: (error: unknown) => void;
}

/** An event that waits for the end of a cool-down; the first one stands for those after it. */
interface Waiting {
  readonly event: Event;
  readonly timer: NodeJS.Timeout;
}

export class Responder implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #options: ResponderOptions;
  readonly #books = new Map<Name, ResponseBook>();
  readonly #policies = new Map<Digest, Promise<ResponsePolicy>>();
  readonly #waiting = new Map<Name, Waiting>();
  readonly #running = new Set<Promise<void>>();
  #ended = false;

  constructor(engine: Engine, options: ResponderOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** @param past what the ledger holds of responses, oldest first. What was begun and not ended is done again. */
  resume(past: readonly Event[]): void {
    // What was only observed then counts for nothing now.
    for (const event of past) if (event.kind !== "response.observed") this.#record(event);
    for (const [name, { unfinished }] of this.#books) if (unfinished) this.#start(responseOf(name, unfinished), unfinished, true);
  }

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  /** Called with every event, in the middle of its being emitted: what it leads to comes after that. */
  hear(event: Event): void {
    if (event.isc === undefined || this.#ended) return;
    if (event.sensor === "response") this.#record(event);
    else this.#keep(this.#take(event.isc, event));
  }

  async #take(name: Name, event: Event): Promise<void> {
    const policy = await this.#policyOf(name);
    if (policy && !this.#ended) this.#judge(name, policy, event);
  }

  #record(event: Event): void {
    if (event.isc === undefined) return;
    this.#books.set(event.isc, recordResponse(this.#books.get(event.isc) ?? emptyBook, event));
  }

  /** By image, since there it is written. */
  async #policyOf(name: Name): Promise<ResponsePolicy | undefined> {
    const record = this.#engine.iscs.find(name);
    if (!record || record.desired === "destroyed") return undefined;
    const known = this.#policies.get(record.image) ?? this.#loadPolicy(record.image);
    this.#policies.set(record.image, known);
    return known;
  }

  async #loadPolicy(image: Digest): Promise<ResponsePolicy> {
    const manifest = await this.#engine.images.findManifest(image);
    return joinPolicies(this.#options.declaration, manifest?.posture.respond);
  }

  #judge(name: Name, policy: ResponsePolicy, event: Event): void {
    const { decision, book } = decide(this.#situation(name, policy), event);
    this.#books.set(name, book);
    this.#follow(name, policy, event, decision);
  }

  #situation(name: Name, policy: ResponsePolicy): Situation {
    const quarantined = this.#engine.iscs.find(name)?.quarantine !== undefined;
    return { policy, book: this.#books.get(name) ?? emptyBook, quarantined, nowMs: this.#engine.host.now() };
  }

  #follow(name: Name, policy: ResponsePolicy, event: Event, decision: Decision): void {
    if (decision.kind === "none") return;
    if (decision.kind === "wait") {
      this.#wait(name, policy, event, decision.untilMs);
      return;
    }
    const { action, reason, rule } = decision;
    const { snapshot, shred } = rule;
    const trigger = { seq: event.seq, kind: event.kind, message: event.message };
    const facts = { action, trigger: event.seq, triggerKind: event.kind, reason: reason.slice(0, 500) };
    const more = { ...(snapshot === undefined ? {} : { snapshot }), ...(shred === undefined ? {} : { shred }) };
    if (policy.mode === "observe") {
      this.#tell(name, "response.observed", "notice", `would ${action}: ${reason}`, facts);
    } else if (action === "notify") {
      this.#tell(name, "response.notify", event.severity, reason, facts);
    } else {
      this.#tell(name, "response.begin", "alert", `${action}: ${reason}`, { ...facts, ...more });
      this.#start({ name, action, reason, trigger, ...more }, this.#books.get(name)?.unfinished, false);
    }
  }

  #wait(name: Name, policy: ResponsePolicy, event: Event, untilMs: number): void {
    if (this.#waiting.has(name)) return;
    const again = async () => {
      this.#waiting.delete(name);
      if (this.#ended || !(await this.#stillHolds(name, event))) return;
      this.#follow(name, policy, event, decideAgain(this.#situation(name, policy), event));
    };
    const timer = setTimeout(() => this.#keep(again()), Math.max(1, untilMs - this.#engine.host.now())).unref();
    this.#waiting.set(name, { event, timer });
  }

  /** What can be looked at again is: it may have been mended meanwhile. */
  async #stillHolds(name: Name, event: Event): Promise<boolean> {
    if (event.kind !== "integrity.drift") return true;
    if (!this.#engine.iscs.find(name)) return false;
    const findings = await verifyMany(this.#engine, [name], { full: false });
    return findings.some(({ row, verdict }) => row === event.facts.row && verdict === "FAIL");
  }

  #start(response: Response, begin: Event | undefined, again: boolean): void {
    const { name, action } = response;
    const began = this.#engine.host.monotonic();
    const work = async () => {
      const facts = { action, ...(begin ? { begin: begin.seq } : {}), ...(again ? { resumed: true } : {}) };
      const tookMs = () => Math.round(this.#engine.host.monotonic() - began);
      try {
        await carryOut(this.#engine, response, this.#options.more);
        this.#tell(name, "response.done", "notice", `${action} is done`, { ...facts, tookMs: tookMs() });
      } catch (error) {
        // Most likely because the dock ends, and the next one finds it unfinished: begun again, it is told how it ends.
        if (this.#ended) {
          this.#options.onError(error);
          return;
        }
        const reason = reasonOf(error).slice(0, 1_000);
        this.#tell(name, "response.failed", "critical", `${action} failed: ${reason}`, { ...facts, tookMs: tookMs(), reason });
      }
    };
    this.#keep(work());
  }

  #keep(work: Promise<void>): void {
    const kept = work.catch((error: unknown) => this.#options.onError(error)).finally(() => this.#running.delete(kept));
    this.#running.add(kept);
  }

  #tell(isc: Name, kind: string, severity: EventDraft["severity"], message: string, facts: EventDraft["facts"]): void {
    const image = this.#engine.iscs.find(isc)?.image;
    const about = { isc, ...(image === undefined ? {} : { image }) };
    const draft: EventDraft = { sensor: "response", severity, kind, message, ...about, facts };
    const before = this.#books.get(isc);
    this.#engine.events.emit(draft);
    // A ledger that cannot be written must not make the dock forget what it does.
    if (this.#books.get(isc) === before) this.#record({ ...draft, seq: 0, time: new Date(this.#engine.host.now()).toISOString() });
  }
}

/** What an event says was begun. */
function responseOf(name: Name, { facts, seq, kind, message }: Event): Response {
  const snapshot = typeof facts.snapshot === "string" ? { snapshot: facts.snapshot as Name } : {};
  return {
    name,
    // Our own event.
    action: facts.action as Response["action"],
    reason: String(facts.reason ?? message),
    trigger: { seq: Number(facts.trigger ?? seq), kind: String(facts.triggerKind ?? kind), message: String(facts.reason ?? message) },
    ...snapshot,
    ...(facts.shred === true ? { shred: true } : {}),
  };
}
