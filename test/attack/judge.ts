/** What an attempt came to: pure. */
import { type Event, isAtLeast } from "../../src/model/event.ts";
import { type Attempt, type Limit, type Verdict, verdicts } from "./technique.ts";

/** What the script itself says. */
export type Answer =
  | { readonly kind: "won" | "refused"; readonly words: string }
  /** It said nothing that can be believed. */
  | { readonly kind: "broken"; readonly words: string };

export interface Observation {
  readonly answer: Answer;
  /** The effect was seen from outside; undefined where the technique has none to be seen there. */
  readonly outside: boolean | undefined;
  readonly startedMs: number;
  readonly events: readonly Event[];
  /** Milliseconds until somebody else than the suite had replaced or stopped the target. */
  readonly revertedMs?: number;
}

export interface Outcome {
  /** `none`: it could not be tried, and `evidence` says why. `error`: the suite's own fault. */
  readonly verdict: Verdict | "none" | "error";
  readonly evidence: string;
  /** Kinds of events of at least `warning`. */
  readonly alarms: readonly string[];
  /** Kinds of all others that tell of it. */
  readonly records: readonly string[];
  /** The first alarm's own words. */
  readonly alarm?: string;
  readonly detectMs?: number;
  readonly cleanMs?: number;
}

/** exec's exit code when the kernel killed the script. */
const killed = 137;

export function parseAnswer(output: string, exitCode: number | undefined, mayBeKilled: boolean): Answer {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  const [, kind, words = ""] = /^(won|refused)(?: (.*))?$/.exec(line) ?? [];
  if (kind === "won" || kind === "refused") return { kind, words };
  if (exitCode === killed && mayBeKilled) return { kind: "refused", words: "KILLED" };
  return { kind: "broken", words: `exit code ${exitCode ?? "unknown"}: ${output.slice(-200).trim()}` };
}

export function hasSucceeded({ answer, outside }: Observation): boolean {
  return outside ?? answer.kind === "won";
}

/** What keeps it from being tried at all, by what the control did and what the target limits. */
export function findObstacle(
  { technique }: Attempt,
  limits: ReadonlySet<Limit>,
  control: Pick<Observation, "answer" | "outside"> | undefined,
): Outcome | undefined {
  const answer = (verdict: Outcome["verdict"], evidence: string): Outcome => ({ verdict, evidence, alarms: [], records: [] });
  if (technique.needs && !limits.has(technique.needs)) return answer("none", `no limit of ${technique.needs} by default: not let loose`);
  if (!control || (control.outside ?? control.answer.kind === "won")) return undefined;
  if (control.answer.kind === "broken") return answer("error", `the control: ${control.answer.words}`);
  return answer("none", `not on this kernel: the control was refused too (${control.answer.words})`);
}

export function judge({ technique }: Attempt, observation: Observation): Outcome {
  const { answer, events, startedMs, revertedMs } = observation;
  const told = events.filter((event) => event.sensor !== "dock" && !isOthersDoing(event) && tellsOf(event.kind, technique.seenAs));
  const alarming = told.filter(({ severity }) => isAtLeast(severity, "warning"));
  const first = alarming[0];
  const seen = {
    evidence: answer.words,
    alarms: unique(alarming.map(({ kind }) => kind)),
    records: unique(told.filter((event) => !alarming.includes(event)).map(({ kind }) => kind)),
    ...(first && { alarm: first.message, detectMs: Math.max(0, Date.parse(first.time) - startedMs) }),
  };
  if (answer.kind === "broken") return { verdict: "error", ...seen };
  if (!hasSucceeded(observation)) return { verdict: "prevented", ...seen };
  if (revertedMs !== undefined) return { verdict: "reverted", ...seen, cleanMs: revertedMs };
  return { verdict: first ? "detected" : "missed", ...seen };
}

/** What says nothing of this technique: the weather after the one before. */
const weather = ["pressure", "health"];

/** Rows of the contract that somebody else on the machine can break: who switches its audit off. */
export const othersRows: readonly unknown[] = ["audit.on"];

function isOthersDoing({ kind, facts }: Event): boolean {
  return kind.startsWith("integrity.") && othersRows.includes(facts.row);
}

function tellsOf(kind: string, seenAs: readonly string[] | undefined): boolean {
  const [word = ""] = kind.split(".");
  return seenAs ? [...seenAs, "exec", "audit"].includes(word) : !weather.includes(word) && word !== "firewall" && word !== "sensor";
}

export function isWorse(verdict: Verdict, than: Verdict): boolean {
  return verdicts.indexOf(verdict) > verdicts.indexOf(than);
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
