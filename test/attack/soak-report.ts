/** What a soak has shown: pure. */
import type { Event } from "../../src/model/event.ts";

export interface EventCounts {
  readonly all: number;
  readonly byKind: Readonly<Record<string, number>>;
  /** Refused packets: told of one by one or by the number of an event, and by a closing number alone. */
  readonly packetsTold: number;
  readonly packetsByNumber: number;
  /** Whatever a sensor or the ledger says it has not told. */
  readonly dropped: number;
}

export interface SoakFacts {
  readonly minutes: number;
  /** Kilobytes, from the beginning to the end. */
  readonly memory: readonly number[];
  readonly attempts: number;
  readonly floods: number;
  readonly floodPackets: number;
  readonly requests: number;
  readonly failedRequests: number;
  readonly refusedCalls: number;
  readonly events: EventCounts;
  /** Numbers that the ledger has given and does not hold, signed heads counted as the lines that they are. */
  readonly gaps: number;
  readonly ledgerFaults: readonly string[];
}

export interface SoakReport extends Omit<SoakFacts, "memory"> {
  readonly startKilobytes: number;
  readonly middleKilobytes: number;
  readonly endKilobytes: number;
  readonly faults: readonly string[];
}

/** A heap grows and shrinks; more than this from the middle to the end is growth. */
const flatFactor = 1.15;
const droppedFacts = ["dropped", "lost", "suppressed", "untold"];

export function countEvents(events: readonly Event[]): EventCounts {
  const byKind: Record<string, number> = {};
  for (const { kind } of events) byKind[kind] = (byKind[kind] ?? 0) + 1;
  const sum = (kinds: readonly string[], facts: readonly string[]) =>
    events.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)).reduce((total, event) => total + sumOf(event, facts), 0);
  return {
    all: events.length,
    byKind,
    packetsTold: sum(["firewall.refused", "firewall.scan"], ["count"]),
    packetsByNumber: sum(["firewall.counted"], ["untold"]),
    dropped: sum([], droppedFacts),
  };
}

function sumOf({ facts }: Event, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (typeof facts[name] === "number" ? facts[name] : 0), 0);
}

export function judgeSoak({ memory, ...facts }: SoakFacts): SoakReport {
  // After the first tenth: what a dock loads once is no growth.
  const third = (part: number) =>
    average(memory.slice(Math.floor((memory.length * part) / 10), Math.floor((memory.length * (part + 1)) / 10) + 1));
  const [startKilobytes, middleKilobytes, endKilobytes] = [third(1), third(5), third(9)];
  const { events, floodPackets, gaps, ledgerFaults } = facts;
  const told = events.packetsTold + events.packetsByNumber;
  const faults = [
    ...ledgerFaults,
    ...(endKilobytes > middleKilobytes * flatFactor
      ? [`the dock grew from ${middleKilobytes} to ${endKilobytes} kB in the second half`]
      : []),
    ...(gaps > 0 ? [`${gaps} events are missing in the ledger's sequence`] : []),
    ...(told < floodPackets ? [`${floodPackets} packets were refused for sure, and only ${told} told of`] : []),
  ];
  return { ...facts, startKilobytes, middleKilobytes, endKilobytes, faults };
}

export function renderSoak(report: SoakReport): string {
  const { minutes, events } = report;
  const size = (kilobytes: number) => `${(kilobytes / 1024).toFixed(1)} MiB`;
  return [
    `${minutes} minutes: ${report.attempts} attempts, ${report.refusedCalls} calls refused, ${report.floods} floods of packets, ${report.requests} requests (${report.failedRequests} failed)`,
    `memory of the dock: start ${size(report.startKilobytes)}, middle ${size(report.middleKilobytes)}, end ${size(report.endKilobytes)}`,
    `events: ${events.all} in the ledger, ${report.gaps} missing; ${events.dropped} told of by number alone`,
    `refused packets: ${report.floodPackets} sent in floods; ${events.packetsTold} told of, ${events.packetsByNumber} more by number`,
    ...Object.entries(events.byKind)
      .sort(([, one], [, other]) => other - one)
      .map(([kind, count]) => `  ${kind} ${count}`),
  ].join("\n");
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
