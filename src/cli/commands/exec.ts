/** iscadm exec: one more command in a running ISC, under the same restrictions as its services. */
import { Problem } from "../../base/problem.ts";
import type { Command, CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { writeChunk } from "../output/chunk.ts";
import { renderJsonLine } from "../output/json.ts";
import { runTerminalSession } from "../terminal-session.ts";

export const command: Command = {
  description:
    "Runs a program of the image in a running ISC, with the ISC's own restrictions, and exits with its exit code. With a terminal on both sides it gets one too; piped input is forwarded. Put -- before the command when it has options of its own.",
  options: [
    { flags: "-i, --interactive", description: "forward standard input, even from a terminal" },
    { flags: "-t, --tty", description: "give the command a terminal" },
    { flags: "-u, --user <user>", description: "run as this user of the image; the service's own when absent" },
    { flags: "-w, --workdir <directory>", description: "run in this directory" },
    { flags: "-e, --env <KEY=VALUE>", description: "set a variable; may be given several times", repeatable: true },
    {
      flags: "--admin",
      description: "let it, and all it starts, run every program of the image, whatever rights.execute says; recorded as an event",
    },
  ],
  examples: [
    { line: "iscadm exec web -- nginx -t", does: "check nginx's configuration" },
    { line: "iscadm exec db -u postgres -- psql -c 'select 1'", does: "run as another user of the image" },
    { line: "iscadm exec db -- psql < dump.sql", does: "feed a file to a command" },
    { line: "iscadm exec web --admin -- sh", does: "a shell where the blueprint lets only the services' programs run" },
  ],
  jsonLines: true,
  async run(context, input) {
    const mode = chooseMode(input, context);
    const request = parseRequest(input, mode === "terminal" ? context.io.environment.TERM : undefined);
    if (mode === "once") return await execOnce(context, request);
    return await runTerminalSession(context, { ...request, tty: mode === "terminal" });
  },
};

type ExecRequest = ReturnType<typeof parseRequest>;

function parseRequest(input: CommandInput, terminal: string | undefined) {
  const [user, workingDirectory] = [input.text("user"), input.text("workdir")];
  const environment = {
    ...(terminal === undefined ? {} : { TERM: terminal }),
    ...Object.fromEntries(input.texts("env").map(parseVariable)),
  };
  return {
    name: parseNameArgument(input.argument(0)),
    command: [...input.rest(1)],
    ...(user === undefined ? {} : { user }),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(input.flag("admin") ? { admin: true } : {}),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
  };
}

function parseVariable(text: string): [string, string] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return [key, value];
  throw new Problem("USAGE", `cannot understand the variable ${JSON.stringify(text)}`, { hint: "write -e KEY=VALUE" });
}

function chooseMode(input: CommandInput, { io, flags }: CliContext): "terminal" | "pipe" | "once" {
  const [wantsTerminal, wantsInput] = [input.flag("tty"), input.flag("interactive")];
  const hasTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  if (flags.json) return "once";
  if (wantsTerminal && io.stdin.isTTY !== true) {
    throw new Problem("USAGE", "cannot give the command a terminal: standard input is none", { hint: "leave out -t" });
  }
  if (wantsTerminal || (hasTerminal && !wantsInput)) return "terminal";
  return wantsInput || io.hasPipedInput() ? "pipe" : "once";
}

async function execOnce({ dock, signal, flags, io }: CliContext, request: ExecRequest): Promise<number> {
  const onData = (data: unknown) => (flags.json ? io.stdout.write(renderJsonLine({ data })) : writeChunk(data, io));
  const result = await dock.call("exec", request, { signal, onData });
  if (flags.json) io.stdout.write(renderJsonLine({ result }));
  return result.exitCode;
}
