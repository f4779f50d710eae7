/** What one run of verify needs of the machine as a whole: looked at once, used for every ISC. */
import type { AuditFacts, HostIdentityFacts, LiveFacts, MountFacts, Seen } from "../../plan/checks/facts.ts";
import type { Engine } from "../engine.ts";
import { learnReference } from "./firewall-difference.ts";
import { type FirewallView, viewFirewall } from "./firewall-facts.ts";
import { readHostIdentity } from "./identity-facts.ts";
import { look } from "./look.ts";
import { readMounts } from "./mount-facts.ts";
import { type HostProcess, isWhole, listHostProcesses, readNamespaces } from "./process-facts.ts";

export interface HostView {
  /** Of the dock's own mount namespace. */
  readonly mounts: readonly MountFacts[];
  readonly processes: readonly HostProcess[];
  readonly namespaces: LiveFacts["hostNamespaces"];
  readonly firewall: Seen<FirewallView>;
  readonly identity: HostIdentityFacts;
  readonly audit: Seen<AuditFacts>;
}

export function viewHost(engine: Engine): HostView {
  const { host } = engine;
  return {
    mounts: readMounts(host, "self"),
    processes: listHostProcesses(host),
    namespaces: [
      { whose: "the dock", namespaces: readNamespaces(host, "self") },
      { whose: "the host", namespaces: readNamespaces(host, 1) },
    ].flatMap(({ whose, namespaces }) => (isWhole(namespaces) ? [{ whose, namespaces }] : [])),
    firewall: look(() => viewFirewall(engine, learnReference(engine))),
    identity: readHostIdentity(engine),
    audit: look(() => engine.audit.look()),
  };
}
