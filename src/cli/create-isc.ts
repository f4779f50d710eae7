/** Builds a blueprint and makes an ISC of the image: what create and run have in common. */
import type { BuildAnswer, ChangeAnswer } from "../api/answers.ts";
import { Problem } from "../base/problem.ts";
import type { Name } from "../model/name.ts";
import { ask, work } from "./ask.ts";
import type { CliContext } from "./context.ts";

export interface CreatedIsc extends ChangeAnswer {
  readonly build: BuildAnswer;
  readonly name: Name;
}

/** Without a name the ISC is called as the blueprint is. Throws NAME_TAKEN before building where the name is known by then. */
export async function createIsc(context: CliContext, blueprint: string, wanted: Name | undefined): Promise<CreatedIsc> {
  if (wanted !== undefined) await refuseTakenName(context, wanted);
  const build = await work(context, "build", { blueprint });
  const name = wanted ?? build.name;
  const { iscs } = await ask(context, "create", { name, image: build.digest });
  return { build, name, iscs };
}

/** A build may take a minute; that the name was taken should not be its last line. */
async function refuseTakenName(context: CliContext, name: Name): Promise<void> {
  const { iscs } = await ask(context, "list", {});
  if (!iscs.some((isc) => isc.name === name)) return;
  throw new Problem("NAME_TAKEN", `cannot create ${name}: there is already an ISC of this name`, {
    hint: `choose another name, or remove it first: iscadm destroy ${name}`,
  });
}
