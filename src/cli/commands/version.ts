/** iscadm version. */
import { isProblem } from "../../base/problem.ts";
import { printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";

export const command: Command = {
  description: "Prints the version of this command and of the dock, when one runs.",
  examples: [
    { line: "iscadm version", does: "print both" },
    { line: "iscadm --version", does: "print the command's alone" },
  ],
  async run(context) {
    const { version } = context.installation;
    const dock = await readDockVersion(context);
    printDocument(
      context,
      { iscadm: version, ...(dock === undefined ? {} : { dock }) },
      () => `iscadm ${version}\ndock ${dock ?? "not reached"}`,
    );
    return 0;
  },
};

async function readDockVersion({ runningDock, signal }: CliContext): Promise<string | undefined> {
  try {
    return (await runningDock.call("dock-status", {}, { signal })).version;
  } catch (error) {
    if (isProblem(error)) return undefined;
    throw error;
  }
}
