/** iscadm expose. */
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { parsePlaceArgument, parsePortArgument } from "../exposure-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderExposures } from "../output/exposures.ts";

export const command: Command = {
  description: "Leads a host port to a port of an ISC, at once and from then on. Other connections are not touched.",
  options: [
    {
      flags: "--at <[address:]port>",
      description: "the host port, and the one host address it is to answer on; the same port on all addresses when absent",
    },
  ],
  examples: [
    { line: "iscadm expose web 80 --at 8080", does: "host port 8080 leads to port 80 of web" },
    { line: "iscadm expose web 80 --at 127.0.0.1:8080", does: "the same for this host alone" },
    { line: "iscadm expose dns 53/udp", does: "host port 53 leads to port 53, for UDP" },
  ],
  async run(context, input) {
    const name = parseNameArgument(input.argument(0));
    const { port, protocol } = parsePortArgument(input.argument(1));
    const at = input.text("at");
    const place = at === undefined ? { hostPort: port } : parsePlaceArgument(at);
    const answer = await ask(context, "expose", { name, exposure: { ...place, port, protocol } });
    printDocument(context, answer, (exposed) => renderExposures(exposed, context.palette));
    return 0;
  },
};
