/** net.outbound: the ISC can open no connection that its blueprint does not name, and has no other way out than its own link. */
import type { SlotIdentity } from "../../model/identity.ts";
import { judge, named, pass, skip, whenRunning } from "./answer.ts";
import type { LiveFacts, NetworkFacts } from "./facts.ts";
import { firewallComplaints } from "./firewall-complaints.ts";

export const checkNetOutbound = whenRunning(({ facts, live }) => {
  if ("unseen" in live.firewall) return skip(live.firewall.unseen);
  if ("unseen" in live.network) return skip(live.network.unseen);
  const firewall = live.firewall.seen;
  const complaints = [
    ...firewallComplaints(firewall, "net.outbound"),
    ...linkComplaints(live.network.seen, facts.identity),
    ...processesElsewhere(live),
  ];
  return judge(complaints, () => {
    const { table, declared } = firewall;
    const allowed = facts.record.quarantine
      ? "in quarantine: no packet passes"
      : declared.connections === 0
        ? "no connection is declared"
        : `${declared.connections} declared (${declared.by})`;
    const inside = ["lo", ...facts.identity.interfaces.map((one) => one.inside)].join(" and ");
    return pass(`nft list table inet ${table}: rules as loaded, ${allowed}; inside are only ${inside}`);
  });
});

function linkComplaints({ insideLinks, hostEnds }: NetworkFacts, { interfaces }: SlotIdentity): readonly string[] {
  const expected = new Set(["lo", ...interfaces.map(({ inside }) => inside)]);
  return [
    ...insideLinks.filter(({ name }) => !expected.has(name)).map(({ name }) => `the ISC has another link, ${name}`),
    ...interfaces.flatMap(({ inside, link }) => {
      const own = insideLinks.find(({ name }) => name === inside);
      const other = hostEnds.find(({ name }) => name === link)?.link;
      return own && other && (own.peerIndex !== other.index || other.peerIndex !== own.index)
        ? [`${inside} of the ISC does not lead to ${link}`]
        : [];
    }),
  ];
}

/** gVisor's own helper processes need no network at all; only its sandbox counts. */
function processesElsewhere({ processes, runtime }: LiveFacts): readonly string[] {
  if (runtime === "runsc") return [];
  const [first, ...others] = processes;
  return others
    .filter((process) => process.namespaces.net !== first.namespaces.net)
    .map((process) => `process ${named(process)} is in another network, ${process.namespaces.net}`);
}
