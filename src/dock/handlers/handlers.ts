/** Every operation of the API and the function that carries it out. */
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";
import { assessHandlers } from "./assess.ts";
import { dockHandlers } from "./dock.ts";
import { imageHandlers } from "./images.ts";
import { incidentHandlers } from "./incidents.ts";
import { ledgerHandlers } from "./ledger.ts";
import { lifecycleHandlers } from "./lifecycle.ts";
import { policyHandlers } from "./policy.ts";
import { replaceHandlers } from "./replace.ts";
import { runningHandlers } from "./running.ts";
import { snapshotHandlers } from "./snapshots.ts";
import { stackHandlers } from "./stacks.ts";

export function createHandlers(dock: Dock): Handlers {
  return {
    ...imageHandlers(dock),
    ...lifecycleHandlers(dock),
    ...replaceHandlers(dock),
    ...runningHandlers(dock),
    ...snapshotHandlers(dock),
    ...stackHandlers(dock),
    ...assessHandlers(dock),
    ...ledgerHandlers(dock),
    ...incidentHandlers(dock),
    ...policyHandlers(dock),
    ...dockHandlers(dock),
  };
}
