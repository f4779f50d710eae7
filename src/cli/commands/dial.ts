/** iscadm dial: the far end of `--dock ssh://…`; joins standard input and output to this machine's dock. */
import { pipeline } from "node:stream/promises";
import type { Command } from "../command.ts";

export const command: Command = {
  description: "Joins standard input and output to the dock's socket. `iscadm --dock ssh://host` runs it on the other machine.",
  examples: [{ line: "ssh host iscadm dial", does: "speak HTTP to another machine's dock" }],
  async run({ dock, io, signal }) {
    const socket = await dock.dial(signal);
    const incoming = pipeline(socket, io.stdout, { signal });
    // What the dock ends, ends here too, whatever the other side would still say.
    pipeline(io.stdin, socket, { signal }).catch(() => {});
    await incoming;
    io.stdin.pause();
    return 0;
  },
};
