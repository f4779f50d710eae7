/** Which events somebody wants to see. Pure. */
import { type Event, isAtLeast, type Sensor, type Severity, severities } from "../../model/event.ts";

export interface EventFilter {
  readonly isc?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly sensor?: Sensor | undefined;
  /** `exec.denied`, or its beginning up to a dot: `exec`. */
  readonly kind?: string | undefined;
  /** Milliseconds since the epoch; from, and up to but without. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export function isWanted(event: Event, filter: EventFilter): boolean {
  const { isc, severity, sensor, kind } = filter;
  if (isc !== undefined && event.isc !== isc) return false;
  if (severity !== undefined && !isAtLeast(event.severity, severity)) return false;
  if (sensor !== undefined && event.sensor !== sensor) return false;
  if (kind !== undefined && event.kind !== kind && !event.kind.startsWith(`${kind}.`)) return false;
  if (kind === undefined && event.kind === "ledger.signed") return false;
  const timeMs = Date.parse(event.time);
  return timeMs >= (filter.sinceMs ?? Number.NEGATIVE_INFINITY) && timeMs < (filter.untilMs ?? Number.POSITIVE_INFINITY);
}

/**
 * What the line of a wanted event holds: of each group at least one. A text that lacks a group need not be parsed. The JSON is of our
 * own making, so its form is known.
 */
export function needlesOf({ isc, sensor, kind, severity }: EventFilter): readonly (readonly string[])[] {
  const worst = severity === undefined ? [] : severities.slice(severities.indexOf(severity));
  return [
    ...(isc === undefined ? [] : [[`"isc":${JSON.stringify(isc)}`]]),
    ...(sensor === undefined ? [] : [[`"sensor":${JSON.stringify(sensor)}`]]),
    ...(kind === undefined ? [] : [[`"kind":"${kind}`]]),
    ...(worst.length === 0 ? [] : [worst.map((one) => `"severity":"${one}"`)]),
  ];
}
