/** The command line as commander sees it, built from the list of commands. A command's options come from its file, when it is chosen. */
import { type CommanderError, Help, Command as Program } from "commander";
import { Problem } from "../base/problem.ts";
import { type Command, CommandInput } from "./command.ts";
import { type CommandEntry, commandGroups, commandList, headings } from "./command-list.ts";

export interface ProgramHost {
  readonly version: string;
  readonly columns: number;
  write(text: string): void;
  /** Carries out the chosen command. */
  run(command: Command, input: CommandInput, globals: CommandInput): Promise<void>;
}

export const globalOptions = [
  { flags: "--json", description: "print JSON: one document, or a line for each event where it takes a while" },
  { flags: "-q, --quiet", description: "print no progress, and of lists only the names" },
  { flags: "--dock <where>", description: "ask another dock: a socket's path, unix:PATH or ssh://[user@]host" },
  { flags: "--no-color", description: "print without colours, as NO_COLOR in the environment does" },
  { flags: "--no-start", description: "never start the dock; exit with 4 when none runs" },
] as const;

const rootExamples = `
Examples:
  iscadm run blueprints/nginx/nginx.yaml   a sealed web server behind a closed firewall, from one file
  iscadm verify                            proof that what runs is what was sealed
  iscadm reset web                         back to the known good state, now
  iscadm help expose                       examples of one command

Exit codes: 0 well, 1 a problem, 2 usage, 3 drift or a difference found, 4 dock not reached; exec passes on its command's.`;

export function buildProgram(host: ProgramHost): Program {
  const program = new Program("iscadm")
    .description("Immutable Service Containers: sealed, signed, read-only services behind a closed firewall.")
    .usage("<command> [options]")
    .version(host.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or that of a command")
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true, formatHelp: commandsFirst })
    .configureOutput({ writeOut: host.write, outputError: () => {}, writeErr: () => {}, getOutHelpWidth: () => host.columns })
    .exitOverride()
    .addHelpText("after", rootExamples);
  for (const { flags, description } of globalOptions) program.option(flags, description);
  const groups = new Map(commandGroups.map((group) => [group.name as string, addGroup(program, group)]));
  for (const entry of commandList) addEntry(groups.get(entry.name.split(" ")[0] ?? "") ?? program, entry);
  for (const parent of [program, ...groups.values()]) {
    parent.hook("preSubcommand", (_, chosen) => completeCommand(chosen, entryOf(chosen), host));
  }
  return program;
}

/** Commander prints options before commands, and a group where its first command was added. */
function commandsFirst(program: Program, helper: Help): string {
  const blocks = Help.prototype.formatHelp.call(helper, program, helper).trimEnd().split("\n\n");
  const order = ["Commands:", ...headings, "Options:", "Global Options:"];
  const rank = (block: string) => order.findIndex((heading) => block.startsWith(heading));
  return `${blocks.toSorted((first, second) => rank(first) - rank(second)).join("\n\n")}\n`;
}

/** A mistake on the command line as a Problem; undefined when commander has only printed help or version. */
export function usageProblem(error: CommanderError, words: readonly string[]): Problem | undefined {
  if (error.code === "commander.helpDisplayed" || error.code === "commander.version") return undefined;
  if (error.code === "commander.help") return missingVerb(findCommandWords(words));
  const [sentence = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const meant = /\(Did you mean (.*)\?\)/s.exec(rest.join("\n"))?.[1];
  const help = `iscadm help ${findCommandWords(words)}`.trim();
  const hint = meant === undefined ? `see ${help}` : `did you mean ${meant}? see ${help}`;
  return new Problem("USAGE", sentence.replaceAll("'", '"'), { hint, cause: error });
}

function missingVerb(group: string): Problem {
  const summary = commandGroups.find(({ name }) => name === group)?.summary ?? "";
  return new Problem("USAGE", `missing command after "${group}"`, {
    hint: `one of ${summary.replace(/^.*: /, "")}; see iscadm help ${group}`,
  });
}

/** The command that was meant, as far as the words name one. */
function findCommandWords(words: readonly string[]): string {
  const [first = "", second = ""] = words.filter((word) => !word.startsWith("-"));
  const names: readonly string[] = [...commandList, ...commandGroups].map(({ name }) => name);
  return [`${first} ${second}`, first].find((name) => names.includes(name)) ?? "";
}

function addGroup(program: Program, { name, summary, heading }: (typeof commandGroups)[number]): Program {
  return program
    .command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .helpGroup(heading)
    .usage("<command> [options]")
    .helpCommand(false);
}

function addEntry(parent: Program, { name, usage, summary, heading, hidden }: CommandEntry): void {
  const command = parent.command(`${name.split(" ").at(-1)} ${usage}`.trim(), { hidden: hidden === true }).summary(summary);
  if (parent.parent === null) command.helpGroup(heading);
}

function entryOf(chosen: Program): CommandEntry | undefined {
  const path = chosen.parent?.parent === null ? chosen.name() : `${chosen.parent?.name()} ${chosen.name()}`;
  return commandList.find(({ name }) => name === path);
}

async function completeCommand(chosen: Program, entry: CommandEntry | undefined, host: ProgramHost): Promise<void> {
  if (entry === undefined) return;
  const { command } = await entry.load();
  chosen.description(command.description);
  for (const { flags, description, repeatable } of command.options ?? []) {
    if (repeatable) chosen.option(flags, description, (value: string, before: string[] = []) => [...before, value]);
    else chosen.option(flags, description);
  }
  chosen.addHelpText("after", `\nExamples:\n${renderExamples(command)}`);
  chosen.action(async () => {
    const globals = new CommandInput([], chosen.optsWithGlobals());
    await host.run(command, new CommandInput(chosen.processedArgs, chosen.opts()), globals);
  });
}

function renderExamples({ examples }: Command): string {
  return examples.map(({ line, does }) => `  ${line}\n      ${does}`).join("\n");
}
