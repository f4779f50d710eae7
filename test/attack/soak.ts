/** Ten ISCs under attack and load for some minutes: does the dock's memory stay flat, and is every event kept or counted? */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { intervalMs } from "../../src/plan/watch/refusal-tally.ts";
import type { Area } from "../bench/area.ts";
import { type Dock, makeHostDock, readEvents } from "./docks.ts";
import { prelude } from "./prelude.ts";
import type { Say, Traced } from "./run-attack.ts";
import { countEvents, judgeSoak, type SoakReport } from "./soak-report.ts";
import { type Attempt, listAttempts } from "./technique.ts";
import { techniques } from "./techniques.ts";

const iscCount = 10;
const firstPort = 18_400;
/** Resets without end: the usual policy would have all of them in quarantine soon, where nothing more can be done to them. */
const config = "respond: { cooldown: 1s, ladder: { reset: { times: 100000, per: 1h } } }";
const sampleEveryMs = 2_000;
const settleMs = 2_000;
const attackPauseMs = 250;
const requestPauseMs = 50;
/** Datagrams of one flood, each to a destination that nobody declared. */
const floodPackets = 500;
const flood = `for (1 .. ${floodPackets}) { udp($outside, 6000 + $_, "x") } refused_with("SENT")`;

export interface SoakOptions {
  readonly minutes: number;
  readonly cache: string | undefined;
  readonly say: Say;
}

interface Tally {
  attempts: number;
  floods: number;
  requests: number;
  failedRequests: number;
  refusedCalls: number;
}

export async function soak(area: Area, { minutes, cache, say }: SoakOptions): Promise<SoakReport & Traced> {
  const dock = await makeHostDock(area, cache, config);
  const names = Array.from({ length: iscCount }, (_, index) => `soak${index}`);
  for (const [index, name] of names.entries()) {
    await dock.client.call("create", { name, image: dock.images.victim });
    const exposure = { hostPort: firstPort + index, address: "127.0.0.1", port: 80, protocol: "tcp" } as const;
    await dock.client.call("expose", { name, exposure });
  }
  await dock.client.call("start", { names });
  const { pid } = await dock.client.call("dock-status", {});
  const startedMs = Date.now();
  const endMs = startedMs + minutes * 60_000;
  const tally: Tally = { attempts: 0, floods: 0, requests: 0, failedRequests: 0, refusedCalls: 0 };
  const work = [
    ...names.map((name, index) => attackUntil(endMs, { area, dock, name, tally, phase: index })),
    ...names.map((_, index) => askUntil(endMs, { area, url: `http://127.0.0.1:${firstPort + index}/`, tally })),
  ];
  const working = Promise.all(work);
  // Awaited below; until then a run that is broken off must still be able to clean up.
  working.catch(() => undefined);
  say(`${iscCount} ISCs are attacked and asked for ${minutes} minutes`);
  const memory = await sampleUntil(endMs, { area, pid, say });
  await working;
  // What the counters say at one look of the firewall sensor is told at the next.
  await sleep(2 * intervalMs + settleMs);
  const events = await readEvents(dock);
  const { faults, first, head, count } = await dock.client.call("ledger-verify", {});
  const report = judgeSoak({
    minutes,
    memory,
    ...tally,
    floodPackets: tally.floods * floodPackets,
    events: countEvents(events),
    gaps: head.seq - first + 1 - count,
    ledgerFaults: faults.map(({ line, what }) => `ledger line ${line}: ${what}`),
  });
  return { ...report, traces: [dock.traces] };
}

interface AttackWork {
  readonly area: Area;
  readonly dock: Dock;
  readonly name: string;
  readonly tally: Tally;
  readonly phase: number;
}

/** Those that need no witness, and leave the ISC as it is. */
const usable = listAttempts(techniques).filter(
  ({ role, technique }) => role !== "mistake" && technique.outside === undefined && technique.needs === undefined,
);

async function attackUntil(endMs: number, { area, dock, name, tally, phase }: AttackWork): Promise<void> {
  for (let turn = phase * 7; Date.now() < endMs; turn++) {
    area.assertOpen();
    const isFlood = turn % 20 === 0;
    const attempt = usable[turn % usable.length] as Attempt; // Of a list that is not empty.
    const script = isFlood ? flood : attempt.technique.script;
    const user = !isFlood && attempt.role === "root" ? { user: "0:0" } : {};
    const { outside, bait } = dock.world;
    const environment = {
      NONCE: `s${turn}`,
      OUTSIDE: outside,
      NEIGHBOUR: outside,
      DOCK: dock.world.dock,
      BAIT: bait,
      HOST_PID: "1",
    };
    try {
      const request = { name, command: ["/usr/bin/perl", "-e", `${prelude}${script}`], environment, ...user };
      let output = "";
      const onData = (data: unknown) => {
        // The dock's own lines: api/answers.ts, OutputChunk.
        output += Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString();
      };
      await dock.client.call("exec", request, { onData, signal: AbortSignal.timeout(30_000) });
      tally.attempts++;
      // One that did not come to its end has sent nobody knows how many.
      if (isFlood && output.includes("SENT")) tally.floods++;
    } catch {
      // The dock may have reset or quarantined it meanwhile: that is its right.
      tally.refusedCalls++;
    }
    await sleep(attackPauseMs);
  }
}

async function askUntil(endMs: number, { area, url, tally }: { area: Area; url: string; tally: Tally }): Promise<void> {
  while (Date.now() < endMs) {
    area.assertOpen();
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      .then(async (response) => response.ok && (await response.text()) !== "")
      .catch(() => false);
    tally.requests++;
    if (!answer) tally.failedRequests++;
    await sleep(requestPauseMs);
  }
}

/** Kilobytes of the dock's resident memory, by and by. */
async function sampleUntil(endMs: number, { area, pid, say }: { area: Area; pid: number; say: Say }): Promise<readonly number[]> {
  const samples: number[] = [];
  for (; Date.now() < endMs; await sleep(sampleEveryMs)) {
    area.assertOpen();
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    samples.push(kilobytes);
    if (samples.length % 30 === 1) say(`the dock takes ${Math.round(kilobytes / 1024)} MiB`);
  }
  return samples;
}
