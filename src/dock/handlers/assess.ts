/** assess: the score of one ISC, by the weights of profiles/assess.json. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assessIsc } from "../../engine/assess.ts";
import { AssessProfile } from "../../model/assessment.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

const profileFile = fileURLToPath(new URL("../../../profiles/assess.json", import.meta.url));

export function assessHandlers({ engine }: Dock): Pick<Handlers, "assess"> {
  let profile: AssessProfile | undefined;
  return {
    assess: ({ name }) => {
      profile ??= AssessProfile.parse(JSON.parse(readFileSync(profileFile, "utf8")));
      return assessIsc(engine, name, profile);
    },
  };
}
