/** What may pass at most: the same four keys for a member of a stack and for a flow. */
import { z } from "zod";
import { parseBandwidth, renderBandwidth } from "../base/bandwidth.ts";
import type { TrafficLimits } from "../model/stack.ts";
import { given } from "./given.ts";
import { complain, count, textOrNumber } from "./scalars.ts";

const leastBits = 8_000;
const mostBits = 100_000_000_000;

const bandwidthRule = `expected a bandwidth from ${renderBandwidth(leastBits)} to ${renderBandwidth(mostBits)}, such as 10Mbit`;

const bandwidth = textOrNumber(bandwidthRule, (text) => {
  const bitsPerSecond = parseBandwidth(text);
  return bitsPerSecond !== undefined && bitsPerSecond >= leastBits && bitsPerSecond <= mostBits ? bitsPerSecond : undefined;
});

/** "5000/s", or the number alone. */
function rate(most: number, example: string) {
  return textOrNumber(`expected how many a second, from 1 to ${most}, such as ${example}`, (text) => {
    const [, digits] = /^([1-9]\d{0,11})(?:\/s)?$/.exec(text) ?? [];
    return digits !== undefined && Number(digits) <= most ? Number(digits) : undefined;
  });
}

export const trafficLimitKeys = {
  bandwidth: bandwidth.optional().describe("Bits a second in each direction, such as 10Mbit."),
  packets: rate(100_000_000, "5000/s").optional().describe("Packets a second in each direction, such as 5000/s."),
  connections: count(1, 1_000_000).optional().describe("Connections open at the same time."),
  "new-connections": rate(1_000_000, "100/s").optional().describe("New connections a second, such as 100/s."),
};

const limitsForm = z.strictObject(trafficLimitKeys, { error: "expected a mapping such as { bandwidth: 100Mbit, connections: 200 }" });

export const trafficLimitsForm = limitsForm.transform(trafficLimitsOf);

/** Undefined when nothing is limited. */
export function trafficLimitsOf(form: z.output<typeof limitsForm>, context: z.core.$RefinementCtx): TrafficLimits | undefined {
  const { bandwidth: bitsPerSecond, packets: packetsPerSecond, connections, "new-connections": connectionsPerSecond } = form;
  if (packetsPerSecond !== undefined && connectionsPerSecond !== undefined && connectionsPerSecond > packetsPerSecond) {
    const sentence = `allows ${connectionsPerSecond} new connections but only ${packetsPerSecond} packets a second, and each begins with one`;
    return complain(context, sentence, ["new-connections"]);
  }
  const limits = given({ bitsPerSecond, packetsPerSecond, connections, connectionsPerSecond });
  return Object.keys(limits).length === 0 ? undefined : limits;
}
