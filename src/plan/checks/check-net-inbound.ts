/** net.inbound: no packet reaches the ISC except on exposed ports. */
import { counted, judge, pass, skip, whenRunning } from "./answer.ts";
import { firewallComplaints } from "./firewall-complaints.ts";

export const checkNetInbound = whenRunning(({ facts, live }) => {
  if ("unseen" in live.firewall) return skip(live.firewall.unseen);
  const firewall = live.firewall.seen;
  const complaints = [...firewallComplaints(firewall, "net.inbound"), ...firewall.foreign];
  return judge(complaints, () => {
    const ports = firewall.declared.exposures;
    const quarantined = facts.record.quarantine ? "; in quarantine: no packet passes, no host port leads here" : "";
    const exposed = quarantined !== "" ? "nothing is exposed" : ports.length === 0 ? "nothing is exposed" : `exposed: ${ports.join(", ")}`;
    return pass(
      `nft list table inet ${firewall.table}: rules as loaded, ${counted(firewall.wantedCount, "element")} of this ISC and no other; ${exposed}${quarantined}`,
    );
  });
});
