/** iscadm dock start. */
import { Problem } from "../../base/problem.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  description:
    "Starts this machine's dock when it does not run. Any command that root gives does the same by itself. ISC_ROOT, ISC_RUN and ISC_NET say which dock, where several live side by side.",
  examples: [
    { line: "iscadm dock start", does: "start the dock" },
    { line: "ISC_ROOT=/srv/isc2 ISC_RUN=/run/isc2 ISC_NET=10.202.0.0/16 iscadm dock start", does: "start a second one beside it" },
  ],
  async run(context) {
    const { io, flags } = context;
    if (flags.dock === undefined && !io.isRoot) {
      throw new Problem("NOT_ALLOWED", "cannot start the dock: only root may", { hint: "sudo iscadm dock start" });
    }
    const answer = await ask(context, "dock-status", {});
    printDocument(context, answer, ({ pid, run }) => `the dock runs (process ${pid}, ${run}/dock.sock)`);
    return 0;
  },
};
