/**
 * The docks that are attacked. One in a machine of its own, where every packet meets a witness and none can leave; one on the host's
 * own network, as docks are meant to run: the kernel hands its audit records to nobody else.
 */
import type { DockClient } from "../../src/api/node-client.ts";
import type { Event } from "../../src/model/event.ts";
import type { Layout } from "../../src/model/layout.ts";
import type { Area } from "../bench/area.ts";
import { IscadmContender } from "../bench/iscadm-contender.ts";
import { Machine } from "../bench/machine.ts";
import { TestDock } from "../system/support/dock.ts";
import { writeBlueprint } from "./blueprint.ts";
import { othersRows } from "./judge.ts";
import { World } from "./world.ts";

export interface Dock {
  readonly client: DockClient;
  readonly layout: Layout;
  readonly world: World;
  /** Digests. */
  readonly images: Readonly<Record<"victim" | "mistake", string>>;
  /** By which its leftovers are known, once everything is taken down. */
  readonly traces: Traces;
}

export interface Traces {
  readonly tag: string;
  readonly base: string;
}

export interface SecludedDock extends Dock {
  readonly iscadm: IscadmContender;
}

export async function makeSecludedDock(area: Area, cache: string | undefined): Promise<SecludedDock> {
  const machine = await Machine.make(area, { number: 0, privateNull: false });
  const world = await World.make(area, machine);
  const folder = cache ?? area.directory("cache");
  const blueprint = writeBlueprint(area, "victim", world.outside);
  const iscadm = await IscadmContender.launch({ area, machine, cache: folder, blueprint });
  let mistake = "";
  await iscadm.withArchive(async () => {
    mistake = (await iscadm.client.call("build", { blueprint: writeBlueprint(area, "mistake", world.outside) })).digest;
  });
  const { network, tag } = await iscadm.client.call("dock-status", {});
  await world.routeBack(network);
  const { client, layout } = iscadm;
  return { iscadm, client, layout, world, images: { victim: iscadm.image, mistake }, traces: { tag, base: area.path } };
}

/** @param config lines of its dock.yaml; without any it acts, as a dock does that is told nothing */
export async function makeHostDock(area: Area, cache: string | undefined, config = "respond: { mode: enforce }"): Promise<Dock> {
  const world = World.onHost(area, await Machine.make(area, { number: 4 }));
  const dock = await TestDock.start({ environment: { ISC_CACHE: cache ?? area.directory("cache") }, config });
  area.onEnd(() => dock[Symbol.asyncDispose]());
  const { client, layout, tag } = dock;
  const build = async (name: "victim" | "mistake") =>
    (await client.call("build", { blueprint: writeBlueprint(area, name, world.outside) })).digest;
  return {
    client,
    layout,
    world,
    images: { victim: await build("victim"), mistake: await build("mistake") },
    traces: { tag, base: layout.root },
  };
}

export async function readEvents({ client }: Dock, sinceMs = 0): Promise<readonly Event[]> {
  const events: Event[] = [];
  // Lines of the dock's own ledger: model/event.ts.
  await client.call("events", { sinceMs }, { onData: (event) => events.push(event as Event) });
  return events;
}

/** After all of that the dock itself must be whole. */
export async function checkDock({ client }: Dock): Promise<readonly string[]> {
  const { findings } = await client.call("verify", { full: true });
  const { faults } = await client.call("ledger-verify", {});
  return [
    ...findings
      .filter(({ verdict, row }) => verdict === "FAIL" && !othersRows.includes(row))
      .map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
    ...faults.map(({ segment, line, what }) => `ledger ${segment}:${line}: ${what}`),
  ];
}
