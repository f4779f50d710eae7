/** The ISCs of a stack as they are. */
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { PresentIsc } from "../../plan/stack/diff-stack.ts";
import type { Engine } from "../engine.ts";
import { findProcess } from "../parts/process.ts";

export function iscsOf({ iscs }: Pick<Engine, "iscs">, stack: Name): readonly IscRecord[] {
  return iscs.list().filter((record) => record.stack?.stack === stack && record.desired !== "destroyed");
}

export async function listPresent(engine: Engine, stack: Name): Promise<readonly PresentIsc[]> {
  return Promise.all(iscsOf(engine, stack).map((record) => toPresent(engine, record)));
}

export async function toPresent(engine: Engine, record: IscRecord): Promise<PresentIsc> {
  const live = findProcess(engine, record.name);
  const manifest = await engine.images.findManifest(record.image);
  return {
    name: record.name,
    member: record.stack?.member ?? record.name,
    image: record.image,
    networks: record.networks ?? [],
    running: live !== undefined && record.desired === "running",
    startedAtMs: live?.startedAtMs,
    quarantined: record.quarantine !== undefined,
    hasVolumes: Object.keys(manifest?.posture.volumes ?? {}).length > 0,
  };
}
