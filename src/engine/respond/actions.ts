/** What each response does. All of them may be repeated: a dock that dies in the middle of one does it again when it is back. */
import type { Event } from "../../model/event.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { ResponseAction, ResponseRule } from "../../model/respond.ts";
import type { Engine } from "../engine.ts";
import { cleanseIsc } from "../lifecycle/cleanse.ts";
import { destroyIsc } from "../lifecycle/destroy.ts";
import { quarantineIsc, releaseIsc } from "../lifecycle/quarantine.ts";
import { resetIsc } from "../lifecycle/reset.ts";
import { rollbackIsc } from "../lifecycle/rollback.ts";
import { startIsc } from "../lifecycle/start.ts";
import { stopIsc } from "../lifecycle/stop.ts";
import { freeze, thaw } from "../parts/freezer.ts";
import { findProcess } from "../parts/process.ts";
import { refreshDependents } from "../parts/traffic.ts";
import { tryKeepEvidence } from "./evidence.ts";

export interface Response {
  readonly name: Name;
  readonly action: ResponseAction;
  readonly reason: string;
  readonly trigger?: Pick<Event, "seq" | "kind" | "message">;
  readonly snapshot?: ResponseRule["snapshot"];
  readonly shred?: boolean;
}

type Carry = (engine: Engine, response: Response) => Promise<void>;

/** What needs more than the engine: a place for an update, which builds an image first. */
export type MoreActions = Readonly<Partial<Record<ResponseAction, Carry>>>;

const actions: Readonly<Record<Exclude<ResponseAction, "update">, Carry>> = {
  // Whoever is to be told, is told of every response.
  notify: async () => undefined,
  release: async (engine, { name }) => void (await releaseIsc(engine, name)),
  restart: async (engine, response) => {
    await keepEvidence(engine, response, { goesOn: true });
    if (findProcess(engine, response.name)) await stopIsc(engine, response.name);
    await startIsc(engine, response.name);
  },
  cleanse: async (engine, response) => {
    await tryKeepEvidence(engine, response);
    await cleanseIsc(engine, response.name);
  },
  rollback: async (engine, response) => {
    const { name, snapshot } = response;
    if (snapshot === undefined) throw new Error("no snapshot is named");
    await keepEvidence(engine, response, { goesOn: false });
    await rollbackIsc(engine, name, snapshot, { start: true });
  },
  reset: async (engine, response) => {
    await keepEvidence(engine, response, { goesOn: false });
    await resetIsc(engine, response.name);
  },
  quarantine: async (engine, { name, reason, trigger }) => void (await quarantineIsc(engine, name, reason, trigger)),
  destroy: async (engine, response) => {
    await keepEvidence(engine, response, { goesOn: false });
    await destroyIsc(engine, response.name, { shred: response.shred ?? false });
    await refreshDependents(engine, response.name);
  },
};

/** Throws Problem, or whatever an action throws. One on an ISC that is gone is done. */
export async function carryOut(engine: Engine, response: Response, more: MoreActions = {}): Promise<void> {
  const record = engine.iscs.find(response.name);
  if (!record || record.desired === "destroyed") return;
  const carry = response.action === "update" ? more.update : actions[response.action];
  if (!carry) throw new Error(`this dock has no way to ${response.action}`);
  await carry(engine, response);
}

/** Frozen while it is looked at, so that nothing changes under the eye. What is in quarantine is looked at where it is thrown away. */
async function keepEvidence(engine: Engine, response: Response, { goesOn }: { readonly goesOn: boolean }): Promise<void> {
  const record: IscRecord = engine.iscs.get(response.name);
  if (record.quarantine || !findProcess(engine, response.name)) return;
  await freeze(engine, response.name);
  await tryKeepEvidence(engine, response);
  if (goesOn) thaw(engine, response.name);
}
