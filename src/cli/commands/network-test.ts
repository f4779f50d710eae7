/** iscadm network test: does the network let through what the stack's file says, and nothing else? */
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderNetworkTest } from "../output/network-matrix.ts";

const differs = 3;

export const command: Command = {
  description:
    "Tries from every ISC of a stack, from the outside and from the dock to reach every other, with everything that could pass, and compares with what the file says. Exits with 3 when anything was seen that should not be. With --quiet it prints such differences only.",
  examples: [
    { line: "iscadm network test shop", does: "print who reaches whom, and what differs" },
    {
      line: "iscadm network test --quiet shop || mail -s 'shop leaks' root",
      does: "from cron: say something only when there is something",
    },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await work(context, "network-test", { stack: parseNameArgument(input.argument(0)) });
    printResult(context, answer, (test) => renderNetworkTest(test, context));
    return answer.probes.some(({ expected, seen }) => expected !== seen) ? differs : 0;
  },
};
