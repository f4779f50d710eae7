/** One entry of the stack's `flows`: who may connect where. */
import { z } from "zod";
import type { ListenPort } from "../model/network.ts";
import type { FlowTarget, TrafficLimits } from "../model/stack.ts";
import { parsePrefix, withoutHostBits } from "./ip-address.ts";
import { complainOfTwins, isDnsName, listenPort, mostPorts } from "./network-form.ts";
import { complain, line } from "./scalars.ts";
import { trafficLimitKeys, trafficLimitsOf } from "./traffic-limits-form.ts";

/** A word without a dot or colon names a member; whether there is one is judged with the whole. */
export type FlowEnd = { readonly kind: "member"; readonly word: string } | Exclude<FlowTarget, { kind: "isc" }>;

/** As the operator wrote it. */
export interface FlowForm {
  readonly from: string;
  readonly to: FlowEnd;
  readonly port: ListenPort | undefined;
  readonly ports: readonly ListenPort[] | undefined;
  readonly network: string | undefined;
  readonly limits: TrafficLimits | undefined;
}

const targetRule = "expected a member, or an address, a prefix or a name of the outside, such as api.example.org";

const target = line(targetRule).transform((text, context): FlowEnd => {
  const read = parseEnd(text);
  return "mistake" in read ? complain(context, read.mistake) : read;
});

export const flowForm = z
  .strictObject(
    {
      from: line("expected a member, or dock").describe("Who connects: a member, each of its ISCs, or dock for this host."),
      to: target.describe("Where to: a member, or an address, a prefix or a name of the outside."),
      port: listenPort.optional().describe('The port: 9000, or "53/udp".'),
      ports: z
        .array(listenPort, { error: "expected a list of ports" })
        .min(1, "expected at least one port")
        .max(mostPorts, `expected at most ${mostPorts} ports`)
        .optional()
        .describe('Several ports, each a flow of its own with the same limits: [5432, "53/udp"].'),
      network: line("expected a network that both are on")
        .optional()
        .describe("The only network it may use. Without it, every one that both are on."),
      ...trafficLimitKeys,
    },
    { error: "expected a mapping such as { from: web, to: app, port: 9000 }" },
  )
  .transform(({ from, to, port, ports, network, ...limits }, context): FlowForm => {
    if ((port === undefined) === (ports === undefined)) {
      return complain(context, `names ${port === undefined ? "no port" : "port and ports"}, expected exactly one of port or ports`);
    }
    complainOfTwins(ports ?? [], (entry) => `${entry.port}/${entry.protocol}`, ["ports"], context);
    return { from, to, port, ports, network, limits: trafficLimitsOf(limits, context) };
  });

function parseEnd(text: string): FlowEnd | { readonly mistake: string } {
  if (!/[.:/]/.test(text)) return { kind: "member", word: text };
  const address = parsePrefix(text.replace(/^\[([^\]]+)\]/, "$1"));
  if (address !== undefined) return { kind: "address", address };
  const meant = withoutHostBits(text);
  if (meant !== undefined) return { mistake: `expected a prefix without host bits, such as ${meant}` };
  if (isInsideName(text) || text.startsWith("isc:")) return { mistake: "expected the member's name alone" };
  if (isDnsName(text)) return { kind: "name", host: text.toLowerCase() };
  if (/:\d+(?:\/(?:tcp|udp))?$/.test(text)) return { mistake: "expected it without its port, which stands at port" };
  return { mistake: targetRule };
}

/** Whether it is one of the names that ISCs have for each other. */
export function isInsideName(host: string): boolean {
  return /\.isc$/i.test(host);
}
