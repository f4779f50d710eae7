/** net.spoof: the ISC cannot use another address, and has no neighbour on its link. */
import { judge, pass, skip, whenRunning } from "./answer.ts";
import type { IscFacts, NetworkFacts } from "./facts.ts";
import { firewallComplaints } from "./firewall-complaints.ts";

export const checkNetSpoof = whenRunning(({ facts, live }) => {
  if ("unseen" in live.firewall) return skip(live.firewall.unseen);
  if ("unseen" in live.network) return skip(live.network.unseen);
  const complaints = [
    ...firewallComplaints(live.firewall.seen, "net.spoof"),
    // A gVisor sandbox takes the addresses of its link over and off it.
    ...networkComplaints(live.network.seen, facts, live.runtime === "runsc"),
  ];
  return judge(complaints, () =>
    pass(
      `${facts.identity.link} passes only ${facts.identity.address} and ${facts.identity.address6}, rp_filter is 1, inside are these addresses`,
    ),
  );
});

function networkComplaints(network: NetworkFacts, { identity }: IscFacts, isSandbox: boolean): readonly string[] {
  const { hostLink, reversePathFilter, insideAddresses } = network;
  const expected = [`${identity.address}/32`, `${identity.address6}/128`];
  return [
    ...(hostLink?.up ? [] : [`the link ${identity.link} is not there, or down`]),
    ...(reversePathFilter === "1"
      ? []
      : [`/proc/sys/net/ipv4/conf/${identity.link}/rp_filter is ${reversePathFilter ?? "missing"}, not 1`]),
    ...insideAddresses.filter((address) => !expected.includes(address)).map((address) => `eth0 of the ISC has the address ${address}`),
    ...(isSandbox || insideAddresses.includes(`${identity.address}/32`) ? [] : [`eth0 of the ISC lacks its address ${identity.address}`]),
  ];
}
