/** iscadm run: from a blueprint to a running service in one step. */
import { ask, printResult, workBriefly } from "../ask.ts";
import type { Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { createIsc } from "../create-isc.ts";
import { parseFileArgument } from "../image-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderChanges } from "../output/table.ts";
import { renderExposure } from "../output/words.ts";
import { renderBuild } from "./build.ts";

export const command: Command = {
  description: "Builds the blueprint, creates an ISC from the image, starts it and exposes the ports that the blueprint names.",
  options: [{ flags: "-n, --name <name>", description: "the ISC's name; the blueprint's own when absent" }],
  examples: [
    { line: "iscadm run web.yaml", does: "build, create, start and expose what web.yaml describes" },
    { line: "iscadm run web.yaml --name web2", does: "the same under another name" },
  ],
  jsonLines: true,
  async run(context, input) {
    const wanted = input.text("name");
    const blueprint = parseFileArgument(input.argument(0), context);
    const { build, name } = await createIsc(context, blueprint, wanted === undefined ? undefined : parseNameArgument(wanted));
    const { iscs } = await workBriefly(context, "start", { names: [name] });
    const exposures = await readExposures(context, name);
    printResult(context, { build, iscs, exposures }, (result) => {
      const ports = result.exposures.map((exposure) => `  exposed ${renderExposure(exposure)}`);
      return [renderBuild(result.build), renderChanges(result, context.palette), ...ports].join("\n");
    });
    return 0;
  },
};

async function readExposures(context: CliContext, name: string) {
  const { iscs } = await ask(context, "list", {});
  return iscs.find((isc) => isc.name === name)?.exposures ?? [];
}
