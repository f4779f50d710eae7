/** iscadm dock stop. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDockAbsent } from "../../api/node-client.ts";
import { Problem } from "../../base/problem.ts";
import { printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";

const waitMs = 20_000;
const pollMs = 20;

export const command: Command = {
  description:
    "Ends the dock and waits until it is gone. The ISCs run on; the next dock finds them again. A dock that does not run is left at that.",
  examples: [
    { line: "iscadm dock stop", does: "end the dock" },
    { line: "iscadm dock stop && iscadm dock start", does: "begin anew, after an upgrade" },
  ],
  async run(context) {
    try {
      await stopDock(context);
      printDocument(context, { stopped: true }, () => "the dock has ended; ISCs run on");
    } catch (error) {
      if (!isDockAbsent(error)) throw error;
      printDocument(context, { stopped: false }, () => "the dock was not running");
    }
    return 0;
  },
};

/** It takes its socket away first and gives its lock back last: a dock started in between would be refused. */
async function stopDock({ runningDock, flags, signal }: CliContext): Promise<void> {
  const { pid } = await runningDock.call("dock-status", {}, { signal });
  await runningDock.call("dock-stop", {}, { signal });
  const isLocal = flags.dock?.startsWith("ssh://") !== true;
  for (let waitedMs = 0; isLocal && isAlive(pid); waitedMs += pollMs) {
    if (waitedMs >= waitMs)
      throw new Problem("DOCK_UNREACHABLE", `cannot stop the dock: process ${pid} has not ended after ${waitMs / 1000} s`);
    await sleep(pollMs, undefined, { signal });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
