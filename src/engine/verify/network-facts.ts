/** Both ends of an ISC's links, as the kernel has them now. */
import type { SlotIdentity } from "../../model/identity.ts";
import type { LinkFacts, NetworkFacts } from "../../plan/checks/facts.ts";
import type { Engine } from "../engine.ts";

type Socket = InstanceType<Engine["host"]["kernel"]["rtnetlink"]["Rtnetlink"]>;

/** Throws KernelError. */
export function readNetwork(engine: Pick<Engine, "host">, identity: SlotIdentity, pid: number): NetworkFacts {
  const { kernel, files } = engine.host;
  using outside = new kernel.rtnetlink.Rtnetlink();
  return {
    hostEnds: identity.interfaces.map(({ link: name }) => {
      const link = outside.findLink(name);
      const reversePathFilter = files.findTextNow(`/proc/sys/net/ipv4/conf/${name}/rp_filter`)?.trim();
      return { name, link: link && linkOf(link), reversePathFilter };
    }),
    ...kernel.namespaces.withNetworkNamespace(`/proc/${pid}/ns/net`, () => readInside(engine)),
  };
}

function readInside({ host }: Pick<Engine, "host">): Pick<NetworkFacts, "insideLinks" | "insideAddresses"> {
  using socket = new host.kernel.rtnetlink.Rtnetlink();
  const insideLinks = socket.listLinks().map(linkOf);
  const loopback = insideLinks.find(({ name }) => name === "lo")?.index;
  const addresses = socket.listAddresses().filter(({ index }) => index !== loopback);
  return { insideLinks, insideAddresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`) };
}

function linkOf({ name, index, peerIndex, up }: ReturnType<Socket["listLinks"]>[number]): LinkFacts {
  return { name, index, peerIndex, up };
}
