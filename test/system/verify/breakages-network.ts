/** Firewall and network, broken. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Breakage } from "./breakage.ts";
import type { Victim } from "./victim.ts";

export const networkBreakages: readonly Breakage[] = [
  {
    title: "a rule taken out of the inbound chain",
    row: "net.inbound",
    act: (victim) => changingTable(victim, `flush chain inet ${victim.table} inbound`),
  },
  {
    title: "the whole table gone",
    row: "net.inbound",
    also: ["net.outbound", "net.spoof"],
    act: (victim) => changingTable(victim, `delete table inet ${victim.table}`),
  },
  {
    title: "the table asleep",
    row: "net.inbound",
    act: (victim) => changingTable(victim, `add table inet ${victim.table} { flags dormant; }`),
  },
  {
    title: "a port that nobody exposed",
    row: "net.inbound",
    act: (victim) => addingElement(victim, "listen4", `${victim.identity.address} . tcp . 22`),
  },
  {
    title: "a host port that nobody exposed",
    row: "net.inbound",
    act: (victim) => addingElement(victim, "expose4", "tcp . 2222", `${victim.identity.address} . 80`),
  },
  {
    title: "a foreign rule that leads strangers in",
    row: "net.inbound",
    act: (victim) => {
      const table = `ip ${victim.table}_foreign`;
      victim.nft(
        `table ${table} {\nchain c { type nat hook prerouting priority -150;\ntcp dport 2223 dnat to ${victim.identity.address}:80\n}\n}`,
      );
      return () => victim.nft(`delete table ${table}`);
    },
  },
  {
    title: "a rule taken out of the outbound chain",
    row: "net.outbound",
    act: (victim) => changingTable(victim, `flush chain inet ${victim.table} outbound`),
  },
  {
    title: "a rule added before all others",
    row: "net.outbound",
    act: (victim) => changingTable(victim, `insert rule inet ${victim.table} outbound accept`),
  },
  {
    title: "a connection that nobody declared",
    row: "net.outbound",
    act: (victim) => addingElement(victim, "connect4", `${victim.identity.address} . 192.0.2.1 . tcp . 443`),
  },
  {
    title: "a way out for a whole prefix of ISCs",
    row: "net.outbound",
    act: (victim) => addingElement(victim, "ranges4", `${victim.identity.address}/31 . 192.0.2.0/24 . tcp . 443`),
  },
  {
    title: "another link in its network namespace",
    row: "net.outbound",
    act: (victim) => {
      victim.inNetwork("ip", "link", "add", "way-out", "type", "veth", "peer", "name", "way-in");
      return () => void victim.inNetwork("ip", "link", "delete", "way-out");
    },
  },
  {
    title: "an address that is not its own let through",
    row: "net.spoof",
    act: (victim) => addingElement(victim, "sources4", `"${victim.identity.link}" . ${victim.identity.interfaces[0].mac} . 192.0.2.7`),
  },
  {
    title: "the source check switched off",
    row: "net.spoof",
    act: (victim) => {
      const file = `/proc/sys/net/ipv4/conf/${victim.identity.link}/rp_filter`;
      const before = readFileSync(file, "utf8");
      writeFileSync(file, "0");
      return () => writeFileSync(file, before);
    },
  },
  {
    title: "another address inside",
    row: "net.spoof",
    act: (victim) => {
      victim.inNetwork("ip", "address", "add", "192.0.2.7/32", "dev", "eth0");
      return () => void victim.inNetwork("ip", "address", "delete", "192.0.2.7/32", "dev", "eth0");
    },
  },
];

/** The repair loads the table as it was listed before. */
function changingTable(victim: Victim, commands: string): () => void {
  const before = victim.run("nft", "list", "table", "inet", victim.table);
  victim.nft(commands);
  return () => victim.nft(`table inet ${victim.table} {}\ndelete table inet ${victim.table}\n${before}`);
}

function addingElement(victim: Victim, set: string, key: string, value?: string): () => void {
  const place = `element inet ${victim.table} ${set}`;
  victim.nft(`add ${place} { ${value === undefined ? key : `${key} : ${value}`} }`);
  return () => victim.nft(`delete ${place} { ${key} }`);
}
