/** net.outbound: the ISC can open no connection that its blueprint does not name, and has no other way out than its own link. */
import { judge, named, pass, skip, whenRunning } from "./answer.ts";
import type { LiveFacts, NetworkFacts } from "./facts.ts";
import { firewallComplaints } from "./firewall-complaints.ts";

const expectedLinks = new Set(["lo", "eth0"]);

export const checkNetOutbound = whenRunning(({ facts, live, manifest }) => {
  if ("unseen" in live.firewall) return skip(live.firewall.unseen);
  if ("unseen" in live.network) return skip(live.network.unseen);
  const complaints = [
    ...firewallComplaints(live.firewall.seen, "net.outbound"),
    ...linkComplaints(live.network.seen),
    ...processesElsewhere(live),
  ];
  return judge(complaints, () => {
    const count = manifest.posture.network.connect.length;
    const allowed = facts.record.quarantine
      ? "in quarantine: no packet passes"
      : count === 0
        ? "no connection is declared"
        : `${count} declared (network.connect)`;
    return pass(
      `nft list table inet ${"seen" in live.firewall ? live.firewall.seen.table : ""}: rules as loaded, ${allowed}; inside are only lo and eth0`,
    );
  });
});

function linkComplaints({ insideLinks, hostLink }: NetworkFacts): readonly string[] {
  const eth0 = insideLinks.find(({ name }) => name === "eth0");
  return [
    ...insideLinks.filter(({ name }) => !expectedLinks.has(name)).map(({ name }) => `the ISC has another link, ${name}`),
    ...(eth0 && hostLink && (eth0.peerIndex !== hostLink.index || hostLink.peerIndex !== eth0.index)
      ? [`eth0 of the ISC does not lead to ${hostLink.name}`]
      : []),
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
