/** The firewall, and others who use it. */
import { absent, type Probe, present, probe, type Seen } from "./capabilities-probe.ts";

/** By what their chains and tables are called. */
const foreign: Readonly<Record<string, RegExp>> = {
  ufw: /^(?:ip6? filter|inet \S+) ufw6?-/,
  firewalld: /^\S+ firewalld /,
  docker: /^\S+ \S+ DOCKER/,
};

export const probeFirewall: Probe = {
  names: ["nftables", ...Object.keys(foreign).map((name) => `firewall-${name}`)],
  look: ({ host }) => {
    const chains = listChains(host.kernel.nftables.runJson("list chains"));
    const ours = present(`${chains.length} chains in the ruleset`);
    return [ours, ...Object.values(foreign).map((pattern) => findForeign(chains, pattern))];
  },
};

function findForeign(chains: readonly string[], pattern: RegExp): Seen {
  const found = chains.filter((chain) => pattern.test(chain));
  return found.length > 0 ? present(`${found.length} chains in the ruleset`) : absent("no chain of it in the ruleset");
}

/** As "family table name"; see libnftables-json(5). */
function listChains(answer: unknown): readonly string[] {
  if (typeof answer !== "object" || answer === null || !("nftables" in answer) || !Array.isArray(answer.nftables)) return [];
  const entries: readonly { readonly chain?: { readonly family: string; readonly table: string; readonly name: string } }[] =
    answer.nftables;
  return entries.flatMap(({ chain }) => (chain ? [`${chain.family} ${chain.table} ${chain.name}`] : []));
}

export const probeIpv6 = probe("ipv6", ({ host }) => {
  if (host.files.findTextNow("/proc/net/if_inet6") === undefined) return absent("not in this kernel");
  const disabled = host.files.findTextNow("/proc/sys/net/ipv6/conf/all/disable_ipv6")?.trim() === "1";
  return disabled ? absent("net.ipv6.conf.all.disable_ipv6 is 1") : present("on");
});
