/** incidents, incident-show, incident-export. */
import { posix } from "node:path";
import { Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import { checkIncident } from "../../engine/respond/check-incident.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

export function incidentHandlers({ engine }: Dock): Pick<Handlers, "incidents" | "incident-show" | "incident-export"> {
  const { incidents, host } = engine;
  return {
    incidents: async () => ({ incidents: await incidents.list() }),
    "incident-show": ({ id }) => checkIncident(engine, id),
    "incident-export": async ({ id, file }) => {
      const source = incidents.fileOfKnown(id);
      const draft = `${posix.dirname(file)}/.${posix.basename(file)}.part`;
      try {
        await host.files.copyFile(source, draft);
        await host.files.sync(draft);
        await host.files.rename(draft, file);
      } catch (error) {
        throw notWritten(id, file, error);
      } finally {
        await host.files.remove(draft);
      }
      return { id, file, sizeBytes: (await host.files.find(file))?.sizeBytes ?? 0 };
    },
  };
}

function notWritten(id: string, file: string, cause: unknown): Problem {
  const reason = reasonOf(cause);
  return new Problem("USAGE", `cannot write incident ${id} to ${file}: ${reason}`, { cause });
}
