/** Every command with its file loaded: what the reference page and the completions are made from. */
import type { Command } from "../command.ts";
import { type CommandEntry, commandList } from "../command-list.ts";

export interface CommandPage extends Omit<CommandEntry, "load"> {
  readonly command: Command;
}

export async function readCommandPages(): Promise<CommandPage[]> {
  const shown = commandList.filter(({ hidden }) => hidden !== true);
  return await Promise.all(shown.map(async ({ load, ...entry }) => ({ ...entry, command: (await load()).command })));
}
