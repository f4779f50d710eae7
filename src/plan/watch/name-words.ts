/** Questions for names that were refused, and answers that were held back, as events. See docs/reference/events.md. */
import type { EventDraft, Severity } from "../../model/event.ts";

export interface RefusedName {
  /** The ISC. */
  readonly asker: string;
  /** Which of its addresses asked. */
  readonly source: string;
  readonly name: string;
  readonly type: string;
  readonly reason: string;
  readonly count: number;
}

interface Words {
  readonly severity: Severity;
  readonly why: string;
  /** MITRE ATT&CK. */
  readonly technique?: string;
}

const words: Readonly<Record<string, Words>> = {
  name: { severity: "warning", why: "nobody let it connect there", technique: "T1071.004" },
  longer: {
    severity: "alert",
    why: "it is longer than a name that it may have, as if something were to be carried out in it",
    technique: "T1048",
  },
  type: { severity: "warning", why: "only addresses are told", technique: "T1071.004" },
  // A list of endings that a program tries one after the other (resolv.conf(5), search) brings these by itself.
  unreachable: { severity: "info", why: "no flow leads there" },
  limited: { severity: "warning", why: "it asks more often than one may", technique: "T1499" },
  crowded: { severity: "notice", why: "too many of its questions wait for an answer" },
  malformed: { severity: "warning", why: "it is no question", technique: "T1499" },
};
const otherwise: Words = { severity: "warning", why: "such a question is not answered" };

export function describeRefusedName({ asker, source, name, type, reason, count }: RefusedName): EventDraft {
  const { severity, why, technique } = words[reason] ?? otherwise;
  const times = count === 1 ? "" : ` ${count} times`;
  const what = name === "" ? "a question" : `the name ${name} (${type})`;
  return {
    sensor: "firewall",
    severity,
    kind: "dns.refused",
    message: `refused${times} to tell ${what}: ${why}`,
    isc: asker as NonNullable<EventDraft["isc"]>,
    facts: { name, type, reason, source, count },
    ...(technique !== undefined && { technique }),
  };
}

export function describeMoreRefused(asker: string, count: number): EventDraft {
  return {
    sensor: "firewall",
    severity: "warning",
    kind: "dns.refused",
    message: `refused ${count} more questions for names, of more kinds than are told one by one`,
    isc: asker as NonNullable<EventDraft["isc"]>,
    facts: { count, reason: "more" },
  };
}

/** An outside name that suddenly means an address of the host, of an ISC, or none that belongs to the world. */
export function describeRebinding(asker: string, name: string, addresses: readonly string[]): EventDraft {
  return {
    sensor: "firewall",
    severity: "alert",
    kind: "dns.rebinding",
    message: `held back ${addresses.length} addresses of ${name}, which lead inside: ${addresses.slice(0, 4).join(", ")}`,
    isc: asker as NonNullable<EventDraft["isc"]>,
    facts: { name, addresses: addresses.slice(0, 16) },
    technique: "T1557",
  };
}
