/** What the dock and its resolver process say to each other, one JSON value a line. The dock believes nothing of it unread. */
import type { CountedRefusal, RefusalReport } from "./refusal-batch.ts";
import { mostKinds } from "./refusal-batch.ts";
import type { ResolverPolicy } from "./resolver-policy.ts";

export interface ResolverLimits {
  /** Of each asker. */
  readonly queriesPerSecond: number;
  readonly queriesAtOnce: number;
  /** Queries of one asker that wait for an answer from outside. */
  readonly waitingOfOne: number;
  /** Names that are being resolved outside, of all. */
  readonly asking: number;
  readonly connectionsOfOne: number;
  readonly connections: number;
}

/** What the process is started with. */
export interface ResolverStart {
  readonly addresses: readonly string[];
  readonly limits: ResolverLimits;
}

/** What is known of an outside name. */
export type Resolution =
  | { readonly kind: "found"; readonly addresses: readonly string[]; readonly ttlSeconds: number }
  | { readonly kind: "none" }
  | { readonly kind: "failed" };

/** How long it holds that a name has no address, and that nobody could say. */
export const emptyMs = 5_000;
export const failedMs = 2_000;

export interface OutsideQuestion {
  readonly id: number;
  readonly asker: string;
  readonly name: string;
}

export type WordToResolver =
  | { readonly kind: "policy"; readonly number: number; readonly policy: ResolverPolicy }
  | { readonly kind: "resolved"; readonly id: number; readonly resolution: Resolution }
  /** The last report came through. */
  | { readonly kind: "heard" };

export type WordOfResolver =
  | { readonly kind: "listening" }
  /** The policy of this number is in force. */
  | { readonly kind: "took"; readonly number: number }
  | ({ readonly kind: "ask" } & OutsideQuestion)
  /** Comes again and again, whether there is something to report or not: it lives. */
  | { readonly kind: "report"; readonly report: RefusalReport }
  | { readonly kind: "failed"; readonly reason: string };

/** Enough for a report of as many kinds as there may be, with the longest names. */
export const mostWordCharacters = 1_048_576;
const mostTextCharacters = 512;

/** Undefined for everything that a resolver process in its right mind does not say. */
export function readWordOfResolver(line: string): WordOfResolver | undefined {
  const word = parseObject(line);
  if (!word) return undefined;
  switch (word.kind) {
    case "listening":
      return { kind: "listening" };
    case "took":
      return isCount(word.number) ? { kind: "took", number: word.number } : undefined;
    case "ask": {
      const { id, asker, name } = word;
      return isCount(id) && isText(asker) && isText(name) ? { kind: "ask", id, asker, name } : undefined;
    }
    case "report": {
      const report = readReport(word.report);
      return report && { kind: "report", report };
    }
    case "failed":
      return isText(word.reason) ? { kind: "failed", reason: word.reason } : undefined;
    default:
      return undefined;
  }
}

function readReport(value: unknown): RefusalReport | undefined {
  if (!isObject(value)) return undefined;
  const { refused, further, strangers } = value;
  if (!Array.isArray(refused) || refused.length > mostKinds || !refused.every(isRefusal)) return undefined;
  if (!Array.isArray(further) || !further.every(isFurther) || !isCount(strangers)) return undefined;
  return { refused, further, strangers };
}

function isRefusal(value: unknown): value is CountedRefusal {
  if (!isObject(value)) return false;
  const { asker, source, name, type, reason, count } = value;
  return [asker, source, name, type, reason].every(isText) && isCount(count);
}

function isFurther(value: unknown): value is RefusalReport["further"][number] {
  return isObject(value) && isText(value.asker) && isCount(value.count);
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= mostTextCharacters;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
