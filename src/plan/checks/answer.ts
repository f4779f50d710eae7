/** Verdicts and the words they are given in. */
import type { Finding } from "../../model/finding.ts";
import type { Manifest } from "../../model/image.ts";
import type { IscFacts, LiveFacts, ProcessFacts } from "./facts.ts";

export type Answer = Pick<Finding, "verdict" | "evidence">;

/** One row of the contract: looks at facts, answers, never throws because of what it finds. */
export type Check = (facts: IscFacts) => Answer;

export const pass = (evidence: string): Answer => ({ verdict: "PASS", evidence });
export const fail = (evidence: string): Answer => ({ verdict: "FAIL", evidence });
export const skip = (evidence: string): Answer => ({ verdict: "SKIP", evidence });

/** The first complaint decides; the number of the others is told. */
export function judge(complaints: readonly string[], otherwise: () => Answer): Answer {
  const [first, ...others] = complaints;
  if (first === undefined) return otherwise();
  return fail(others.length === 0 ? first : `${first} (and ${others.length} more)`);
}

/** Running things of an ISC whose promises can be read. */
export interface Running {
  readonly facts: IscFacts;
  readonly live: LiveFacts;
  readonly manifest: Manifest;
}

export function whenRunning(check: (running: Running) => Answer): Check {
  return (facts) => {
    const { live, image } = facts;
    if ("unseen" in live) return skip(live.unseen);
    if ("unseen" in image.manifest) return skip(`what was promised is not known: ${image.manifest.unseen}`);
    return check({ facts, live: live.seen, manifest: image.manifest.seen });
  };
}

/** As `whenRunning`, for what goes on inside a gVisor sandbox's own kernel, where the host's /proc shows nothing of it. */
export function whenVisible(what: string, check: (running: Running) => Answer): Check {
  return whenRunning((running) => {
    if (running.live.runtime === "runsc") return skip(`gVisor: ${what} inside its own kernel, which the host's /proc does not show`);
    return check(running);
  });
}

export function named({ pid, name }: Pick<ProcessFacts, "pid" | "name">): string {
  return `${pid} (${name})`;
}

/** "3 processes", "1 process". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A few of a list, and how many more there are. */
export function listed(items: readonly string[], most = 3): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
