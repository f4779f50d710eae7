/** Findings of one look after another: which row has begun to fail, and which is well again. Pure. */
import type { EventDraft, Severity } from "../../model/event.ts";
import { type ContractRow, type Finding, rowsOfChange } from "../../model/finding.ts";
import type { Name } from "../../model/name.ts";

/** The rows that fail now, by ISC. */
export type Drifts = ReadonlyMap<Name, ReadonlySet<ContractRow>>;

export interface DriftStep {
  readonly drifts: Drifts;
  readonly events: readonly EventDraft[];
}

/** Told as critical. */
const provesChange: ReadonlySet<ContractRow> = new Set<ContractRow>([...rowsOfChange, "ledger.chained"]);

/** MITRE ATT&CK: what somebody would be doing who breaks the row. */
const techniques: Readonly<Partial<Record<ContractRow, string>>> = {
  "net.inbound": "T1562.004",
  "net.outbound": "T1562.004",
  "net.spoof": "T1557",
  "root.sealed": "T1601.001",
  "root.signed": "T1553",
  "write.noexec": "T1222.002",
  "write.declared": "T1222.002",
  "kernel.masked": "T1611",
  "ns.own": "T1611",
  "uid.range": "T1611",
  "caps.none": "T1548",
  nnp: "T1548",
  seccomp: "T1562.001",
  wx: "T1055",
  "exec.sealed": "T1105",
  "limit.memory": "T1499",
  "limit.cpu": "T1496",
  "limit.pids": "T1499",
  "audit.on": "T1562.012",
  "ledger.chained": "T1070",
};

/** @param findings of one look at some ISCs, all rows of each */
export function advanceDrifts(before: Drifts, findings: readonly Finding[]): DriftStep {
  const drifts = new Map(before);
  const events: EventDraft[] = [];
  for (const name of new Set(findings.map(({ isc }) => isc))) {
    const own = findings.filter(({ isc }) => isc === name);
    const known = before.get(name) ?? new Set();
    const failing = new Set(own.flatMap(({ row, verdict }) => (isDrift(verdict, known.has(row)) ? [row] : [])));
    for (const finding of own) {
      if (finding.verdict === "FAIL" && !known.has(finding.row)) events.push(renderDrift(finding));
      if (finding.verdict === "PASS" && known.has(finding.row)) events.push(renderRestored(finding));
    }
    if (failing.size > 0) drifts.set(name, failing);
    else drifts.delete(name);
  }
  return { drifts, events };
}

/** What could not be looked at stays as it was. */
function isDrift(verdict: Finding["verdict"], known: boolean): boolean {
  return verdict === "FAIL" || (verdict === "SKIP" && known);
}

function renderDrift({ isc, row, evidence }: Finding): EventDraft {
  const severity: Severity = provesChange.has(row) ? "critical" : "alert";
  const technique = techniques[row];
  return {
    sensor: "integrity",
    severity,
    kind: "integrity.drift",
    message: `${row} fails: ${evidence}`,
    isc,
    facts: { row, evidence: evidence.slice(0, 1_000) },
    ...(technique === undefined ? {} : { technique }),
  };
}

function renderRestored({ isc, row, evidence }: Finding): EventDraft {
  return {
    sensor: "integrity",
    severity: "notice",
    kind: "integrity.restored",
    message: `${row} is kept again: ${evidence}`,
    isc,
    facts: { row, evidence: evidence.slice(0, 1_000) },
  };
}
