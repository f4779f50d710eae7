/** iscadm image show. */
import type { ImageShowAnswer } from "../../api/answers.ts";
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { Palette } from "../output/palette.ts";
import { postureFacts, servicesOf, sourceOf } from "../output/posture.ts";
import { renderFacts } from "../output/table.ts";
import { renderTime } from "../output/words.ts";

export const command: Command = {
  description:
    "Shows what an image holds, how an ISC of it runs, and who signed it. An image is named by its name (the newest) or the beginning of its digest.",
  examples: [
    { line: "iscadm image show web", does: "show the newest image named web" },
    { line: "iscadm image show 3f9a1c77 --json | jq .manifest", does: "print a manifest as it was sealed" },
  ],
  async run(context, input) {
    const answer = await ask(context, "image-show", { image: input.argument(0) });
    printDocument(context, answer, (image) => renderImage(image, context.palette));
    return 0;
  },
};

function renderImage({ summary, manifest, signatures }: ImageShowAnswer, palette: Palette): string {
  return renderFacts(
    [
      ["image", palette.strong(summary.name)],
      ["digest", summary.digest],
      [
        "size",
        `${renderRoundedSize(summary.sizeBytes)}, ${summary.fileCount} files, ${summary.packageCount} packages, ${manifest.architecture}`,
      ],
      ["from", sourceOf(manifest)],
      ["added", renderTime(summary.addedAtMs)],
      [
        "signed by",
        signatures
          .map(({ keyId, trusted }) => `${keyId.slice(0, 16)} ${trusted ? palette.good("trusted") : palette.bad("not trusted")}`)
          .join(", "),
      ],
      ["used by", summary.usedBy.join(", ")],
      ["services", servicesOf(manifest)],
      ...postureFacts(manifest.posture),
    ],
    palette,
  );
}
