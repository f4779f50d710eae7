/** cleanse and update: fresh instances in the place of those that serve. */
import type { CleanseAnswer, UpdateAnswer } from "../../api/answers.ts";
import { comparePackages } from "../../engine/image-packages.ts";
import { cleanseIsc } from "../../engine/lifecycle/cleanse.ts";
import { updateIsc } from "../../engine/lifecycle/update.ts";
import { findProcess } from "../../engine/parts/process.ts";
import { identityOfSlot } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import type { Dock } from "../dock.ts";
import type { Caller, Handlers } from "../server.ts";
import { findNewerPackages, rebuildImage } from "./rebuild.ts";

export function replaceHandlers(dock: Dock): Pick<Handlers, "cleanse" | "update"> {
  const { engine } = dock;
  return {
    update: (input, caller) => update(dock, input, caller),
    cleanse: async ({ names }, caller): Promise<CleanseAnswer> => {
      for (const name of names) engine.iscs.get(name);
      const iscs: CleanseAnswer["iscs"][number][] = [];
      for (const [index, name] of names.entries()) {
        caller.progress({ step: "cleanse", text: name, index: index + 1, total: names.length });
        const { tookMs, reachableMs, gapMs, instance } = await cleanseIsc(engine, name);
        const { address } = identityOfSlot(engine.dock, instance);
        iscs.push({ name, status: "cleansed", tookMs, address, reachableMs, gapMs });
      }
      return { iscs };
    },
  };
}

interface UpdateInput {
  readonly name: Name;
  readonly image?: string | undefined;
  readonly check?: boolean | undefined;
}

async function update(dock: Dock, { name, image, check }: UpdateInput, caller: Caller): Promise<UpdateAnswer> {
  const { engine } = dock;
  const began = engine.host.monotonic();
  const record = engine.iscs.get(name);
  const from = record.image;
  const answer = (fields: Pick<UpdateAnswer, "status" | "packages"> & Partial<UpdateAnswer>): UpdateAnswer => ({
    name,
    from,
    running: findProcess(engine, name) !== undefined,
    gapMs: 0,
    tookMs: Math.round(engine.host.monotonic() - began),
    ...fields,
  });
  const index = check && image === undefined ? await findNewerPackages(dock, from, caller) : undefined;
  if (index) return answer({ status: "checked", packages: await comparePackages(engine, from, index) });
  const to = image === undefined ? await rebuildImage(dock, from, caller) : await engine.images.resolve(image);
  const packages = await comparePackages(engine, from, to);
  if (check) return answer({ status: "checked", to, packages });
  if (to === from) return answer({ status: "unchanged", to, packages });
  caller.progress({ step: "switch", text: name });
  const { snapshot, gapMs, running } = await updateIsc(engine, name, to);
  return answer({ status: "updated", to, packages, snapshot, gapMs, running });
}
