/** iscadm image verify. */
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { renderTook } from "../output/words.ts";

export const command: Command = {
  description: "Reads an image again and compares its bytes with its digest, and its digest with a signature by a trusted key.",
  examples: [
    { line: "iscadm image verify web", does: "check the newest image named web" },
    { line: "for i in $(iscadm image ls -q); do iscadm image verify $i; done", does: "check all" },
  ],
  async run(context, input) {
    const answer = await ask(context, "image-verify", { image: input.argument(0) });
    printDocument(context, answer, ({ digest, keyId, sizeBytes, tookMs }) => {
      const read = `${renderRoundedSize(sizeBytes)} read in ${renderTook(tookMs)}`;
      return `${digest}  ${context.palette.good("intact")}, signed by ${keyId.slice(0, 16)} (${read})`;
    });
    return 0;
  },
};
