/** cleanse and update: fresh instances in the place of those that serve. */
import type { CleanseAnswer } from "../../api/answers.ts";
import { cleanseIsc } from "../../engine/lifecycle/cleanse.ts";
import { identityOfSlot } from "../../model/identity.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

export function replaceHandlers({ engine }: Dock): Pick<Handlers, "cleanse"> {
  return {
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
