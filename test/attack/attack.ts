/** Tries one technique on one target, and sees what comes of it. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../../src/base/reason-of.ts";
import { findObstacle, hasSucceeded, judge, type Observation, type Outcome, parseAnswer } from "./judge.ts";
import { prelude } from "./prelude.ts";
import type { Target } from "./target.ts";
import type { Attempt, OutsideEffect } from "./technique.ts";

const usualTimeoutMs = 20_000;
/** How long an event about a refused attempt may take, and one (or a reset) about one that succeeded. */
const refusedWaitMs = 250;
const succeededWaitMs = 8_000;
/** More than a log should keep of 24 MiB. */
const floodBytes = 20 * 2 ** 20;

type Tried = Pick<Observation, "answer" | "outside" | "startedMs">;

export interface Tries {
  readonly outcome: Outcome;
  /** How long the suite needed to put a clean one in the place of what was attacked. */
  readonly resetMs?: number;
}

export async function attack(attempt: Attempt, target: Target, control: Tried | undefined): Promise<Tries> {
  const obstacle = findObstacle(attempt, target.limits, control);
  if (obstacle) return { outcome: obstacle };
  let before = await target.generation(attempt.role);
  let tried = await tryOnce(attempt, target);
  if (tried.answer.kind === "broken" && /quarantine/.test(tried.answer.words)) {
    // What went before, or somebody else on the machine, has put it there: this technique has not been tried yet.
    await target.renew(attempt.role);
    before = await target.generation(attempt.role);
    tried = await tryOnce(attempt, target);
  }
  const observation = await watch(attempt, target, tried, before);
  const outcome = judge(attempt, observation);
  const isTouched = hasSucceeded(observation) || attempt.technique.needs !== undefined || attempt.technique.outside === "bait";
  if (!isTouched && (await target.generation(attempt.role)) === before) return { outcome };
  const began = performance.now();
  await target.renew(attempt.role);
  return { outcome, resetMs: Math.round(performance.now() - began) };
}

/** Also what a control is: there, nobody watches. */
export async function tryOnce({ technique, role }: Attempt, target: Target): Promise<Tried> {
  const nonce = `n${randomBytes(6).toString("hex")}`;
  const environment = await environmentFor(target, nonce);
  const { outside, timeoutMs = usualTimeoutMs, mayBeKilled = false } = technique;
  const address = outside === "inbound" ? await target.addressOf(role) : "";
  const logBefore = outside === "log-size" ? await target.logBytes() : 0;
  const startedMs = Date.now();
  const running = target.run({ role, script: `${prelude}${technique.script}`, environment, timeoutMs }).catch((error: unknown) => ({
    output: reasonOf(error),
    exitCode: undefined,
  }));
  const asked = outside === "inbound" ? await target.world.ask(address, 4_445) : "";
  const { output, exitCode } = await running;
  const answer = parseAnswer(output, exitCode, mayBeKilled);
  const looks: Readonly<Record<OutsideEffect, () => Promise<boolean>>> = {
    witness: async () => (await target.world.heard(nonce)) !== undefined,
    inbound: () => Promise.resolve(asked.includes(nonce)),
    "log-size": async () => (await target.logBytes()) - logBefore > floodBytes,
    bait: () => takesBait(target, role),
  };
  return { answer, startedMs, outside: outside && (await looks[outside]()) };
}

async function environmentFor(target: Target, nonce: string): Promise<Readonly<Record<string, string>>> {
  const { outside, dock, machine, bait } = target.world;
  return {
    NONCE: nonce,
    OUTSIDE: outside,
    NEIGHBOUR: await target.neighbour(),
    DOCK: dock,
    BAIT: `${bait}/kept`,
    HOST_PID: String(process.pid),
    SOCKET: target.socket,
    // The control's gateway is the far side, where nobody but the suite listens.
    GATEWAY: target.name === "control" ? machine.address : "",
  };
}

async function takesBait(target: Target, role: Attempt["role"]): Promise<boolean> {
  const { world } = target;
  const before = world.lookAtBait();
  // A service that cannot start any more has changed nothing of the host.
  await target.restart(role).catch(() => undefined);
  const taken = world.lookAtBait() !== before;
  world.renewBait();
  return taken;
}

/** Waits for what the target's watchers say or do about it. */
async function watch({ technique, role }: Attempt, target: Target, tried: Tried, before: string): Promise<Observation> {
  const succeeded = hasSucceeded({ ...tried, events: [] });
  const waitMs = target.name === "iscadm" ? (succeeded ? succeededWaitMs : refusedWaitMs) : 0;
  const isOwnDoing = technique.outside === "bait";
  let observation: Observation = { ...tried, events: [] };
  for (const deadline = Date.now() + waitMs; ; await sleep(50)) {
    const now = await target.generation(role);
    const reverted = now !== before && !isOwnDoing ? { revertedMs: observation.revertedMs ?? Date.now() - tried.startedMs } : {};
    observation = { ...tried, events: await target.events(role, tried.startedMs), ...reverted };
    if (Date.now() >= deadline || observation.revertedMs !== undefined) return observation;
  }
}
