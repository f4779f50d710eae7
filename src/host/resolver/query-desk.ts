/** One query after the other: who may ask how much, what is decided, what is known of outside names. All it holds is bounded. */
import { Allowance } from "./allowance.ts";
import { addressesOfType, type Decision, decideQuery, type RefusalReason } from "./decide-query.ts";
import { type ReceivedQuery, type Reply, type ReplyRecord, readQuery, renderReply, responseCode } from "./dns-message.ts";
import { OutsideDesk } from "./outside-desk.ts";
import { RefusalBatch, type UnansweredReason } from "./refusal-batch.ts";
import { indexPolicy, type KnownAsker, type KnownAskers, type ResolverPolicy } from "./resolver-policy.ts";
import type { OutsideQuestion, Resolution, ResolverLimits } from "./resolver-words.ts";

/** Addresses inside do not change; what changes is who may reach them. */
const insideTtlSeconds = 5;

/** Where a query came from, and how its reply goes back. */
export interface Caller {
  readonly source: string;
  readonly limitBytes: (query: ReceivedQuery) => number;
  readonly send: (reply: Buffer) => void;
}

export interface QueryDeskOptions {
  readonly limits: ResolverLimits;
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Its answer comes by `hear`. */
  readonly ask: (question: OutsideQuestion) => void;
}

export class QueryDesk {
  readonly refusals = new RefusalBatch();
  readonly #limits: ResolverLimits;
  readonly #now: () => number;
  readonly #outside: OutsideDesk;
  readonly #allowances = new Map<string, Allowance>();
  #askers: KnownAskers = new Map();

  constructor({ limits, now, ask }: QueryDeskOptions) {
    this.#limits = limits;
    this.#now = now;
    this.#outside = new OutsideDesk({ limits, now, ask });
  }

  setPolicy(policy: ResolverPolicy): void {
    this.#askers = indexPolicy(policy);
    const names = new Set([...this.#askers.values()].map(({ name }) => name));
    for (const name of this.#allowances.keys()) if (!names.has(name)) this.#allowances.delete(name);
    this.#outside.forget();
  }

  /** The asker that has an address. */
  askerAt(source: string): string | undefined {
    return this.#askers.get(source)?.name;
  }

  receive(bytes: Buffer, caller: Caller): void {
    const asker = this.#askers.get(caller.source);
    // Before it is even read, so that a flood costs next to nothing.
    if (!asker) this.refusals.noteStranger();
    else if (!this.#allowanceOf(asker).take(this.#now())) this.#note(asker, caller, "limited");
    else this.#read(bytes, asker, caller);
  }

  hear(id: number, resolution: Resolution): void {
    this.#outside.hear(id, resolution);
  }

  #read(bytes: Buffer, asker: KnownAsker, caller: Caller): void {
    const query = readQuery(bytes);
    if (query) this.#decide(query, asker, caller);
    else this.#note(asker, caller, "malformed");
  }

  #decide(query: ReceivedQuery, asker: KnownAsker, caller: Caller): void {
    const decision = decideQuery(this.#askers, caller.source, query);
    if (decision.kind === "ask") {
      this.#askOutside(query, asker, caller, decision.name);
      return;
    }
    const reason = decision.kind === "refused" || decision.kind === "unknown" ? decision.reason : undefined;
    if (reason) this.#note(asker, caller, reason, query);
    // Nobody has its address any more.
    if (reason !== "stranger") this.#reply(query, caller, replyTo(decision));
  }

  #askOutside(query: ReceivedQuery, asker: KnownAsker, caller: Caller, name: string): void {
    const isTaken = this.#outside.ask(asker.name, name, (resolution, ttlSeconds) => {
      // The policy may have changed while it waited.
      const isStillAllowed = decideQuery(this.#askers, caller.source, query).kind === "ask";
      if (isStillAllowed) this.#reply(query, caller, replyOutside(query, resolution, ttlSeconds));
      else this.#decide(query, asker, caller);
    });
    if (isTaken) return;
    this.#note(asker, caller, "crowded", query);
    this.#reply(query, caller, { code: responseCode.failed, records: [] });
  }

  #reply(query: ReceivedQuery, caller: Caller, reply: Reply): void {
    caller.send(renderReply(query, reply, caller.limitBytes(query)));
  }

  #allowanceOf({ name }: KnownAsker): Allowance {
    const known = this.#allowances.get(name);
    if (known) return known;
    const allowance = new Allowance(this.#limits.queriesPerSecond, this.#limits.queriesAtOnce, this.#now());
    this.#allowances.set(name, allowance);
    return allowance;
  }

  #note(asker: KnownAsker, { source }: Caller, reason: UnansweredReason, query?: ReceivedQuery): void {
    const question = query?.questions[0];
    this.refusals.note({ asker: asker.name, source, name: question?.name ?? "", type: question?.type ?? "", reason });
  }
}

function replyTo(decision: Exclude<Decision, { kind: "ask" }>): Reply {
  switch (decision.kind) {
    case "answer":
      return { code: responseCode.ok, records: addressRecords(decision.addresses, insideTtlSeconds) };
    case "pointer":
      return { code: responseCode.ok, records: [{ type: "PTR", data: decision.name, ttlSeconds: insideTtlSeconds }] };
    case "empty":
      return { code: responseCode.ok, records: [] };
    case "unknown":
      return { code: responseCode.unknown, records: [] };
    case "refused":
      return { code: codeOf(decision.reason), records: [] };
    default:
      return decision satisfies never;
  }
}

function replyOutside(query: ReceivedQuery, resolution: Resolution, ttlSeconds: number): Reply {
  if (resolution.kind === "failed") return { code: responseCode.failed, records: [] };
  const addresses = resolution.kind === "found" ? addressesOfType(resolution.addresses, query.questions[0]?.type ?? "") : [];
  return { code: responseCode.ok, records: addressRecords(addresses, ttlSeconds) };
}

function codeOf(reason: RefusalReason): Reply["code"] {
  if (reason === "opcode") return responseCode.notImplemented;
  return reason === "questions" ? responseCode.malformed : responseCode.refused;
}

function addressRecords(addresses: readonly string[], ttlSeconds: number): readonly ReplyRecord[] {
  return addresses.map((data) => ({ type: data.includes(":") ? "AAAA" : "A", data, ttlSeconds }));
}
