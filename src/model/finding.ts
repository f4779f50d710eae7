/** The answer of one check on one contract row. Data, never an exception. */
import type { Name } from "./name.ts";

export const contractRows = [
  "net.inbound",
  "net.outbound",
  "net.spoof",
  "files.minimal",
  "root.sealed",
  "root.signed",
  "write.noexec",
  "write.declared",
  "kernel.masked",
  "ns.own",
  "uid.range",
  "caps.none",
  "nnp",
  "seccomp",
  "wx",
  "exec.sealed",
  "limit.memory",
  "limit.cpu",
  "limit.pids",
  "scratch.quota",
  "scratch.encrypted",
  "identity.unique",
  "audit.on",
  "ledger.chained",
] as const;
export type ContractRow = (typeof contractRows)[number];

/** Rows whose failing says: what runs is no longer what was sealed, or no longer held. */
export const rowsOfChange = [
  "root.sealed",
  "root.signed",
  "write.noexec",
  "write.declared",
  "ns.own",
  "uid.range",
  "caps.none",
  "nnp",
  "seccomp",
  "wx",
  "exec.sealed",
] as const satisfies readonly ContractRow[];

export interface Finding {
  readonly isc: Name;
  readonly row: ContractRow;
  readonly verdict: "PASS" | "FAIL" | "SKIP";
  /** One sentence: what was seen, where, and any declared exception. */
  readonly evidence: string;
}
