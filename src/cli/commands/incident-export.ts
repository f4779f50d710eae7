/** iscadm incident export. */
import { resolve } from "node:path";
import { renderRoundedSize } from "../../base/size.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  description:
    "Writes the archive of an incident to a file: a plain tar. Where a recovery key was there (ISC_ROOT/keys/recovery.txt), scratch.tar.age in it opens with `age --decrypt -i KEYFILE`.",
  examples: [
    { line: "iscadm incident export web.4711 web.tar", does: "take it to another machine" },
    {
      line: "iscadm incident export web.4711 w.tar && tar -xOf w.tar scratch.tar.age | age -d -i key.txt | tar -tv",
      does: "what was in scratch",
    },
  ],
  async run(context, input) {
    const file = resolve(context.io.workingDirectory, input.argument(1));
    const answer = await ask(context, "incident-export", { id: input.argument(0), file });
    printDocument(context, answer, ({ id, sizeBytes }) => `${id}  ${renderRoundedSize(sizeBytes)} written to ${file}`);
    return 0;
  },
};
