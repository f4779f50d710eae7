/** iscadm create: an ISC that is not started. */
import { ask, printResult } from "../ask.ts";
import type { Command } from "../command.ts";
import { createIsc } from "../create-isc.ts";
import { parseImageArgument } from "../image-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";

export const command: Command = {
  description:
    "Makes an ISC from an image, or from a blueprint, which is built first. It gets its own addresses, user ids and machine id, and the exposures that its blueprint names. It does not run yet. As in 2009, `iscadm -c -i -n 2` creates isc2 from the default blueprint (ISC_DEFAULT_BLUEPRINT, else nginx).",
  examples: [
    { line: "iscadm create web web.yaml", does: "build web.yaml and make an ISC of it" },
    { line: "iscadm create web2 web", does: "make another from the newest image named web" },
    { line: "iscadm create old 3f9a1c77", does: "make one from the image whose digest begins so" },
    { line: "iscadm -c -i -n 2", does: "create isc2 from the default blueprint" },
  ],
  jsonLines: true,
  async run(context, input) {
    const name = parseNameArgument(input.argument(0));
    const source = parseImageArgument(input.argument(1), context);
    const { iscs } =
      source.kind === "blueprint"
        ? await createIsc(context, source.path, name)
        : await ask(context, "create", { name, image: source.reference });
    printResult(context, { iscs }, (answer) => renderChanges(answer, context.palette));
    return 0;
  },
};
