/** iscadm image import. */
import { renderRoundedSize } from "../../base/size.ts";
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseFileArgument } from "../image-argument.ts";

export const command: Command = {
  description: "Takes in an image that another dock has exported, when its bytes are what was sealed and a trusted key has signed it.",
  examples: [
    { line: "iscadm image import web.isc", does: "check and take in web.isc" },
    { line: "iscadm image import --json web.isc | tail -1 | jq -r .result.digest", does: "print its digest" },
  ],
  jsonLines: true,
  async run(context, input) {
    const answer = await work(context, "image-import", { file: parseFileArgument(input.argument(0), context) });
    printResult(context, answer, ({ name, digest, sizeBytes }) => `${name} ${digest}  ${renderRoundedSize(sizeBytes)}`);
    return 0;
  },
};
