/** iscadm logs. */
import type { CallOptions } from "../../api/node-client.ts";
import type { Command } from "../command.ts";
import { parseNameArgument } from "../name-argument.ts";
import { writeChunk } from "../output/chunk.ts";
import { renderJsonLine } from "../output/json.ts";
import { parseTail } from "../tail-argument.ts";

export const command: Command = {
  description: "Prints what the services wrote to standard output and error, kept outside the ISC.",
  options: [
    { flags: "-f, --follow", description: "go on printing what comes, until Ctrl-C" },
    { flags: "--tail <lines>", description: "begin with the last lines only" },
  ],
  examples: [
    { line: "iscadm logs web", does: "print everything" },
    { line: "iscadm logs -f --tail 10 web", does: "print the last ten lines and follow" },
    { line: "iscadm logs web 2>/dev/null | grep 404", does: "search standard output alone" },
  ],
  jsonLines: true,
  async run({ dock, signal, flags, io }, input) {
    const tail = input.text("tail");
    const onData: CallOptions["onData"] = flags.json ? (data) => io.stdout.write(renderJsonLine({ data })) : (data) => writeChunk(data, io);
    const result = await dock.call(
      "logs",
      {
        name: parseNameArgument(input.argument(0)),
        ...(input.flag("follow") ? { follow: true } : {}),
        ...(tail === undefined ? {} : { tail: parseTail(tail, "lines", 9) }),
      },
      { signal, onData },
    );
    if (flags.json) io.stdout.write(renderJsonLine({ result }));
    return 0;
  },
};
