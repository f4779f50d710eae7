/** iscadm unexpose. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parsePortArgument } from "../exposure-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderExposures } from "../output/exposures.ts";

export const command: Command = {
  description: "Takes an exposure back. The port is the host's, as `iscadm ls` shows it before the arrow.",
  examples: [
    { line: "iscadm unexpose web 8080", does: "host port 8080 leads to web no more" },
    { line: "iscadm unexpose dns 53/udp", does: "the same for UDP" },
  ],
  async run(context, input) {
    const { port: hostPort, protocol } = parsePortArgument(input.argument(1));
    const answer = await ask(context, "unexpose", { name: parseNameArgument(input.argument(0)), hostPort, protocol });
    printDocument(context, answer, (exposed) => renderExposures(exposed, context.palette));
    return 0;
  },
};
