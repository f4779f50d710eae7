/** iscadm build: a blueprint becomes a sealed image. */
import type { BuildAnswer } from "../../api/answers.ts";
import { renderRoundedSize } from "../../base/size.ts";
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseFileArgument } from "../image-argument.ts";
import { renderCount, renderShortDigest, renderTook } from "../output/words.ts";

export const command: Command = {
  description:
    "Gathers what the blueprint names, takes out what the service does not need, records every file's hash, and packs and signs the result. Base, packages and files are layers that a second build finds again.",
  options: [{ flags: "--no-cache", description: "make every layer anew" }],
  examples: [
    { line: "iscadm build web.yaml", does: "seal the image that web.yaml describes" },
    { line: "iscadm build --no-cache web.yaml", does: "take the packages' newest versions" },
    { line: "iscadm build --quiet web.yaml", does: "print the digest and nothing else" },
  ],
  jsonLines: true,
  async run(context, input) {
    const blueprint = parseFileArgument(input.argument(0), context);
    const answer = await work(context, "build", { blueprint, ...(input.isOff("cache") ? { noCache: true } : {}) });
    printResult(context, answer, context.flags.quiet ? ({ digest }) => digest : renderBuild);
    return 0;
  },
};

export function renderBuild({ name, digest, sizeBytes, fileCount, packageCount, tookMs, unchanged }: BuildAnswer): string {
  const size = `${renderRoundedSize(sizeBytes)}, ${renderCount(fileCount, "file")}, ${renderCount(packageCount, "package")}`;
  const news = unchanged ? "unchanged" : `sealed in ${renderTook(tookMs)}`;
  return `${name} ${renderShortDigest(digest)}  ${news}  (${size})\n${digest}`;
}
