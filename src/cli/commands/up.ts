/** iscadm up: a stack becomes what its file says. */
import { printResult, work } from "../ask.ts";
import type { Command } from "../command.ts";
import { parseFileArgument } from "../image-argument.ts";
import { renderStackChange } from "../output/stack-steps.ts";
import { readSecrets } from "../secret-argument.ts";

export const command: Command = {
  description:
    "Builds what the stack's blueprints name, makes its networks, and starts, replaces or removes ISCs until all is as the file says. What is so already is left alone. Secrets that the file leaves open are read here and sent to the dock, never printed.",
  options: [
    {
      flags: "--secret <name=file>",
      description: "the secret's bytes, at most 32 KiB, line end included; - is standard input; may be given several times",
      repeatable: true,
    },
    { flags: "--no-cache", description: "make every layer of the images anew" },
  ],
  examples: [
    { line: "iscadm up shop.yaml", does: "start the stack, or bring it to what the file says now" },
    { line: "pass show shop/db | iscadm up shop.yaml --secret db-password=-", does: "hand over a secret without a file" },
    { line: "iscadm diff shop.yaml && echo as the file says", does: "look first" },
  ],
  jsonLines: true,
  async run(context, input) {
    const file = parseFileArgument(input.argument(0), context);
    const secrets = await readSecrets(input.texts("secret"), context);
    const more = { ...(secrets === undefined ? {} : { secrets }), ...(input.isOff("cache") ? { noCache: true } : {}) };
    const answer = await work(context, "stack-up", { file, ...more });
    printResult(context, answer, (change) => renderStackChange(change, context.palette));
    return 0;
  },
};
