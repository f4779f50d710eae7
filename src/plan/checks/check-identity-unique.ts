/** identity.unique: machine-id, slot (and with it addresses and uid range) and keys are the ISC's own. Known of a stopped ISC too. */
import { type Answer, judge, pass } from "./answer.ts";
import type { IdentityFacts, IscFacts } from "./facts.ts";

export function checkIdentityUnique(facts: IscFacts): Answer {
  const { own, others, host, record, identity, live } = facts;
  const complaints = [
    ...others.flatMap((other) => sharedWith(own, other)),
    ...insideComplaints(facts),
    ...(host.machineId === own.machineId ? [`its machine-id ${own.machineId} is that of the host`] : []),
    ...host.addresses
      .filter((address) => identity.interfaces.some((own) => own.address === address || own.address6 === address))
      .map((address) => `its address ${address} is on a link of the host`),
    ...host.claims
      .filter(({ first, count }) => first < identity.uidBase + identity.uidCount && first + count > identity.uidBase)
      .map(({ who, first, count }) => `its uid range from ${identity.uidBase} overlaps ${first} to ${first + count - 1} of ${who}`),
  ];
  return judge(complaints, () => {
    const where = "seen" in live ? `/proc/${live.seen.pid}/root/etc/machine-id is` : "its machine-id is";
    return pass(
      `${where} ${own.machineId}; slot ${record.slot}, ${identity.address} and uids from ${identity.uidBase} are no other's (${others.length} compared)`,
    );
  });
}

function sharedWith(own: IdentityFacts, other: IdentityFacts): readonly string[] {
  return [
    ...(own.slot === other.slot ? [`its slot ${own.slot}, and with it address and uid range, is also that of ISC ${other.name}`] : []),
    ...(own.machineId === other.machineId ? [`its machine-id ${own.machineId} is also that of ISC ${other.name}`] : []),
    ...own.keyIdentifiers
      .filter((key) => other.keyIdentifiers.includes(key))
      .map((key) => `its scratch key ${key} is also that of ISC ${other.name}`),
  ];
}

/** An image may lay no machine-id: then nothing is there to read, and nothing to mistake. */
function insideComplaints({ live, record }: IscFacts): readonly string[] {
  if ("unseen" in live || live.seen.runtime === "runsc") return [];
  const { machineIdInside, pid } = live.seen;
  if (machineIdInside === record.machineId) return [];
  return [
    `/proc/${pid}/root/etc/machine-id is ${machineIdInside === undefined ? "missing" : JSON.stringify(machineIdInside.slice(0, 40))}, not ${record.machineId}`,
  ];
}
