/** snapshot, snapshots, snapshot-remove. */
import { listSnapshots, removeSnapshot, takeSnapshot } from "../../engine/snapshots.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

export function snapshotHandlers({ engine }: Dock): Pick<Handlers, "snapshot" | "snapshots" | "snapshot-remove"> {
  return {
    snapshot: ({ name, snapshot }) => takeSnapshot(engine, name, snapshot),
    snapshots: async ({ name }) => {
      const { snapshots, damaged } = await listSnapshots(engine, name);
      return { snapshots, damaged: damaged.map(({ message }) => message) };
    },
    "snapshot-remove": ({ name, snapshot }) => removeSnapshot(engine, name, snapshot),
  };
}
