/** iscadm network show: a stack's networks as tables or as a picture. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { StackView } from "../../model/stack-view.ts";
import { ask, printDocument } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderStackSvg } from "../output/diagram/svg-diagram.ts";
import { renderStackDiagram } from "../output/diagram/text-diagram.ts";
import { renderNetworks } from "../output/network-table.ts";

const defaultColumns = 100;

export const command: Command = {
  description:
    "Shows the networks of a stack, or of all: addresses, ISCs and their state, what may flow, what is exposed, and what has passed. Everything that it does not show is closed.",
  options: [
    { flags: "--diagram", description: "draw it with letters, as wide as the terminal" },
    { flags: "--svg <file>", description: "draw one stack into a file, to look at or to print on A4; - is standard output" },
  ],
  examples: [
    { line: "iscadm network show shop", does: "print tables" },
    { line: "iscadm network show shop --diagram", does: "see it as a picture in the terminal" },
    { line: "iscadm network show shop --svg shop.svg", does: "draw it for a browser or a printer" },
  ],
  async run(context, input) {
    const name = input.optionalArgument(0);
    const stacks = await readStacks(context, name === undefined ? undefined : parseNameArgument(name));
    const file = input.text("svg");
    if (file !== undefined) await printSvg(context, stacks, file);
    else printDocument(context, { stacks }, (shown) => renderShown(shown.stacks, context, input.flag("diagram")));
    return 0;
  },
};

async function readStacks(context: CliContext, name: string | undefined): Promise<readonly StackView[]> {
  const { stacks } = await ask(context, "stacks", {});
  if (name === undefined) return stacks;
  const found = stacks.filter((stack) => stack.name === name);
  if (found.length > 0) return found;
  throw new Problem("USAGE", `cannot find a stack named ${name}`, { hint: hintOf(stacks) });
}

function renderShown(stacks: readonly StackView[], { palette, io }: CliContext, isDiagram: boolean): string {
  if (stacks.length === 0) return "no stack yet: iscadm up FILE makes one";
  const columns = io.stdout.columns ?? defaultColumns;
  return stacks.map((stack) => (isDiagram ? renderStackDiagram(stack, { palette, columns }) : renderNetworks(stack, palette))).join("\n\n");
}

async function printSvg(context: CliContext, stacks: readonly StackView[], file: string): Promise<void> {
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) {
    throw new Problem("USAGE", "cannot draw: one picture shows one stack", { hint: hintOf(stacks) });
  }
  const svg = renderStackSvg(stack);
  if (file === "-") {
    context.io.stdout.write(svg);
    return;
  }
  const path = resolve(context.io.workingDirectory, file);
  try {
    await writeFile(path, svg, { mode: 0o644 });
  } catch (error) {
    throw unwritable(error);
  }
  printDocument(context, { stack: stack.name, file: path }, () => (context.flags.quiet ? "" : `${stack.name} drawn to ${path}`));
}

function unwritable(cause: unknown): Problem {
  return new Problem("USAGE", `cannot write the picture: ${reasonOf(cause)}`, { cause });
}

function hintOf(stacks: readonly StackView[]): string {
  return stacks.length === 0 ? "there is none yet: iscadm up FILE makes one" : `there are: ${stacks.map(({ name }) => name).join(", ")}`;
}
