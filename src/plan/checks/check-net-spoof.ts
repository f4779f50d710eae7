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
      facts.identity.interfaces
        .map(({ link, address, address6 }) => `${link} passes only ${address} and ${address6}`)
        .join(", ")
        .concat(", rp_filter is 1, inside are these addresses"),
    ),
  );
});

function networkComplaints(network: NetworkFacts, { identity }: IscFacts, isSandbox: boolean): readonly string[] {
  const { hostEnds, insideAddresses } = network;
  const { interfaces } = identity;
  const expected = interfaces.flatMap(({ address, address6 }) => [`${address}/32`, `${address6}/128`]);
  return [
    ...hostEnds.flatMap(({ name, link, reversePathFilter }) => [
      ...(link?.up ? [] : [`the link ${name} is not there, or down`]),
      ...(reversePathFilter === "1" ? [] : [`/proc/sys/net/ipv4/conf/${name}/rp_filter is ${reversePathFilter ?? "missing"}, not 1`]),
    ]),
    ...insideAddresses.filter((address) => !expected.includes(address)).map((address) => `the ISC has the address ${address}`),
    ...interfaces
      .filter(({ address }) => !isSandbox && !insideAddresses.includes(`${address}/32`))
      .map(({ inside, address }) => `${inside} of the ISC lacks its address ${address}`),
  ];
}
