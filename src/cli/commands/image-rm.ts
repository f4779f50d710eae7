/** iscadm image rm. */

import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  description: "Removes an image that no ISC and no snapshot uses.",
  examples: [
    { line: "iscadm image rm 3f9a1c77", does: "remove the image whose digest begins so" },
    { line: "iscadm image rm web", does: "remove the newest image named web" },
  ],
  async run(context, input) {
    const answer = await ask(context, "image-remove", { image: input.argument(0) });
    printDocument(context, answer, ({ name, digest, sizeBytes }) => `${name} ${digest}  removed, ${renderRoundedSize(sizeBytes)} free`);
    return 0;
  },
};
