/** create, start, stop, restart, reset, destroy, clone: what changes ISCs as a whole. */

import type { ChangeAnswer } from "../../api/answers.ts";
import { Problem } from "../../base/problem.ts";
import { cloneNames, cloneRecords, createIsc } from "../../engine/lifecycle/create.ts";
import { destroyIsc } from "../../engine/lifecycle/destroy.ts";
import { quarantineIsc, releaseIsc } from "../../engine/lifecycle/quarantine.ts";
import { resetIsc } from "../../engine/lifecycle/reset.ts";
import { rollbackIsc } from "../../engine/lifecycle/rollback.ts";
import { assertStartable, startIsc } from "../../engine/lifecycle/start.ts";
import { stopIsc } from "../../engine/lifecycle/stop.ts";
import { refreshDependents } from "../../engine/parts/traffic.ts";
import { cloneSnapshotVolumes, findSnapshot } from "../../engine/snapshots.ts";
import { identityOfSlot } from "../../model/identity.ts";
import { identityOf } from "../../model/isc.ts";
import { isName, type Name, nameRule } from "../../model/name.ts";
import type { Dock } from "../dock.ts";
import type { Caller, Handlers } from "../server.ts";

type LifecycleHandlers = Pick<
  Handlers,
  "create" | "start" | "stop" | "restart" | "reset" | "rollback" | "quarantine" | "release" | "destroy" | "clone"
>;

export function lifecycleHandlers({ engine }: Dock): LifecycleHandlers {
  return {
    create: async ({ name, image }) => {
      const started = engine.host.monotonic();
      const record = await createIsc(engine, name, await engine.images.resolve(image));
      await refreshDependents(engine, name);
      return { iscs: [{ name, status: "stopped", tookMs: since(started), address: identityOf(engine.dock, record).address }] };
    },
    start: ({ names }, caller) => forEach(caller, names, "start", async (name) => (await startIsc(engine, name)).status),
    stop: ({ names, timeoutMs }, caller) =>
      forEach(caller, names, "stop", async (name) => {
        await stopIsc(engine, name, timeoutMs);
        return "stopped";
      }),
    restart: ({ names }, caller) =>
      forEach(caller, names, "restart", async (name) => {
        // What could not be started again is left as it runs.
        await assertStartable(engine, name);
        await stopIsc(engine, name);
        return (await startIsc(engine, name)).status;
      }),
    reset: ({ names, snapshot }, caller) =>
      forEach(
        caller,
        names,
        "reset",
        async (name) =>
          (await (snapshot === undefined ? resetIsc(engine, name) : rollbackIsc(engine, name, snapshot, { start: true }))).status,
      ),
    rollback: ({ name, snapshot }, caller) =>
      forEach(caller, [name], "rollback", async () => (await rollbackIsc(engine, name, snapshot, { start: false })).status),
    quarantine: ({ names, reason }, caller) =>
      forEach(caller, names, "quarantine", async (name) => {
        await quarantineIsc(engine, name, reason ?? "an operator asked for it");
        return "quarantined";
      }),
    release: ({ names }, caller) => forEach(caller, names, "release", async (name) => (await releaseIsc(engine, name)).desired),
    destroy: ({ names, shred }, caller) =>
      forEach(caller, names, "destroy", async (name) => {
        await destroyIsc(engine, name, { shred: shred ?? false });
        await refreshDependents(engine, name);
        return "destroyed";
      }),
    clone: (input, caller) => clone(engine, input, caller),
  };

  /** All names must exist before anything is done to the first. Then each is tried, and the first refusal is told after the last. */
  async function forEach(
    caller: Caller,
    names: readonly Name[],
    step: string,
    change: (name: Name) => Promise<string>,
  ): Promise<ChangeAnswer> {
    for (const name of names) engine.iscs.get(name);
    const refusals: unknown[] = [];
    const iscs: ChangeAnswer["iscs"][number][] = [];
    for (const [index, name] of names.entries()) {
      const started = engine.host.monotonic();
      caller.progress({ step, text: name, index: index + 1, total: names.length });
      try {
        const address = identityOfSlot(engine.dock, engine.iscs.get(name).slot).address;
        const status = await change(name);
        iscs.push({ name, status, tookMs: since(started), address });
      } catch (error) {
        refusals.push(error);
      }
    }
    if (refusals.length > 0) throw refusals[0];
    return { iscs };
  }

  function since(started: number): number {
    return Math.round((engine.host.monotonic() - started) * 10) / 10;
  }
}

interface CloneInput {
  readonly source: string;
  readonly name: Name;
  readonly count?: number | undefined;
  readonly start?: boolean | undefined;
}

async function clone(engine: Dock["engine"], input: CloneInput, caller: Caller): Promise<ChangeAnswer> {
  const [source = "", snapshotName] = input.source.split("@");
  if (!isName(source) || (snapshotName !== undefined && !isName(snapshotName))) {
    throw new Problem("NAME_INVALID", `cannot clone ${input.source}: a source is NAME or NAME@SNAPSHOT, each with ${nameRule}`);
  }
  const names = cloneNames(input.name, input.count);
  const snapshot = snapshotName === undefined ? undefined : await findSnapshot(engine, source, snapshotName);
  const started = engine.host.monotonic();
  const records = await cloneRecords(engine, { source, names, image: snapshot?.image });
  const each = (engine.host.monotonic() - started) / records.length;
  if (snapshot) for (const record of records) await cloneSnapshotVolumes(engine, snapshot, record.name);
  const iscs: ChangeAnswer["iscs"][number][] = [];
  for (const [index, record] of records.entries()) {
    const began = engine.host.monotonic();
    if (input.start) {
      caller.progress({ step: "start", text: record.name, index: index + 1, total: records.length });
      await startIsc(engine, record.name);
    }
    await refreshDependents(engine, record.name);
    const tookMs = Math.round((each + engine.host.monotonic() - began) * 100) / 100;
    iscs.push({
      name: record.name,
      status: input.start ? "running" : "stopped",
      tookMs,
      address: identityOf(engine.dock, record).address,
    });
  }
  return { iscs };
}
