/** iscadm image ls. */
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import { renderRows } from "../output/table.ts";
import { renderShortDigest, renderTime } from "../output/words.ts";

export const command: Command = {
  description: "Lists the sealed images of this dock, and which ISCs run from them. With --quiet it prints digests only.",
  examples: [
    { line: "iscadm image ls", does: "list all" },
    { line: "iscadm image ls --json | jq -r '.images[] | select(.usedBy == []) | .digest'", does: "digests of images that no ISC uses" },
  ],
  async run(context) {
    const { palette, flags } = context;
    const answer = await ask(context, "images", {});
    printDocument(context, answer, ({ images }) => {
      if (flags.quiet) return images.map(({ digest }) => digest).join("\n");
      if (images.length === 0) return "no image yet: iscadm build FILE makes one from a blueprint";
      const rows = images.map(({ name, digest, sizeBytes, fileCount, packageCount, addedAtMs, usedBy }) => [
        palette.strong(name),
        renderShortDigest(digest),
        renderRoundedSize(sizeBytes),
        String(fileCount),
        String(packageCount),
        renderTime(addedAtMs),
        usedBy.join(", "),
      ]);
      return renderRows(["NAME", "DIGEST", ">SIZE", ">FILES", ">PACKAGES", "ADDED", "USED BY"], rows, palette);
    });
    return 0;
  },
};
