/** iscadm image export. */
import { resolve } from "node:path";
import { renderRoundedSize } from "../../base/size.ts";
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  description: "Writes an image with its manifest, file list, SBOM and signature to one file that another dock imports.",
  examples: [
    { line: "iscadm image export web web.isc", does: "write the newest image named web to web.isc" },
    { line: "iscadm --dock ssh://root@other image import /tmp/web.isc", does: "take it in on another machine" },
  ],
  jsonLines: true,
  async run(context, input) {
    const file = resolve(context.io.workingDirectory, input.argument(1));
    const answer = await work(context, "image-export", { image: input.argument(0), file });
    printResult(
      context,
      { ...answer, file },
      ({ name, digest, sizeBytes }) => `${name} ${digest}  ${renderRoundedSize(sizeBytes)} written to ${file}`,
    );
    return 0;
  },
};
