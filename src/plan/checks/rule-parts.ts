/** Which row answers for which part of the dock's firewall table: its chains, sets, maps and counters by name. */

export type NetworkRow = "net.inbound" | "net.outbound" | "net.spoof";

const rows: Readonly<Record<string, NetworkRow>> = {
  sources: "net.spoof",
  link_sources: "net.spoof",
  outbound: "net.outbound",
  refuse_spoof: "net.spoof",
  refuse_out: "net.outbound",
  refuse_limit_out: "net.outbound",
  pace_out: "net.outbound",
  limit_out: "net.outbound",
  admit_out: "net.outbound",
  refuse_quarantine_out: "net.outbound",
};

/** Whatever has no row of its own decides who gets in. */
export function rowOfPart(part: string): NetworkRow {
  const name = part.slice(part.indexOf(" ") + 1);
  if (part.startsWith("chain ")) return rows[name] ?? "net.inbound";
  return rowOfSet(name);
}

export function rowOfSet(name: string): NetworkRow {
  if (name.startsWith("sources") || name.endsWith("_spoof")) return "net.spoof";
  if (/^(?:connect|ranges|flow_|over|uplink)/.test(name) || name.endsWith("_out")) return "net.outbound";
  return "net.inbound";
}
