/** iscadm console: a shell in a running ISC, where the image has one. */
import { isProblem, Problem } from "../../base/problem.ts";
import type { Name } from "../../model/name.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { runTerminalSession } from "../terminal-session.ts";

export const command: Command = {
  description: "Opens a shell in a running ISC, under the ISC's own restrictions. Images are often sealed without one.",
  options: [{ flags: "-u, --user <user>", description: "be this user of the image; the service's own when absent" }],
  examples: [
    { line: "iscadm console web", does: "look around in web" },
    { line: "iscadm console -u root web", does: "look around as the image's root, which has no rights outside" },
  ],
  async run(context, input) {
    const { io } = context;
    if (io.stdin.isTTY !== true || io.stdout.isTTY !== true) {
      throw new Problem("USAGE", "cannot open a console: there is no terminal", { hint: "iscadm exec runs a command without one" });
    }
    const name = parseNameArgument(input.argument(0));
    const user = input.text("user");
    const shell = await findShell(context, name);
    const environment = io.environment.TERM === undefined ? {} : { environment: { TERM: io.environment.TERM } };
    return await runTerminalSession(context, {
      name,
      command: [shell],
      tty: true,
      ...environment,
      ...(user === undefined ? {} : { user }),
    });
  },
};

/** sh is asked whether there is a more comfortable one. What a missing program makes of exec: exit 126 or 127, or COMMAND_FAILED. */
async function findShell({ dock, signal }: CliContext, name: Name): Promise<string> {
  const said: Buffer[] = [];
  const onData = (data: unknown) => said.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64")); // An OutputChunk.
  try {
    const command = ["/bin/sh", "-c", "command -v bash || echo /bin/sh"];
    const { exitCode } = await dock.call("exec", { name, command }, { signal, onData });
    if (exitCode === 0) return Buffer.concat(said).toString().trim();
  } catch (error) {
    if (!isProblem(error) || error.code !== "COMMAND_FAILED") throw error;
  }
  throw new Problem("PROGRAM_MISSING", `cannot open a console in ${name}: its image has no shell`, {
    hint: `run a program that it has: iscadm exec ${name} -- PROGRAM`,
  });
}
