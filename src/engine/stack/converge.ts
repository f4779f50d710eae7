/**
 * From what a stack is to what its record says it should be. Every step is safe to repeat, and the record says that something is pending
 * until the last is done: whatever a kill breaks off, the next dock carries on.
 */
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Progress } from "../../model/progress.ts";
import type { NetworkRange, StackRecord } from "../../model/stack.ts";
import { rangesOf } from "../../model/stack-flows.ts";
import { diffStack, surplusIscs, wantedIscs, whyReplace } from "../../plan/stack/diff-stack.ts";
import { startOrder } from "../../plan/stack/start-order.ts";
import type { NftElement } from "../../render/nft-ruleset-elements.ts";
import type { Engine } from "../engine.ts";
import { recordsOf } from "../lifecycle/beside.ts";
import { createMembers } from "../lifecycle/create.ts";
import { replaceInstance } from "../lifecycle/replace.ts";
import { startIsc } from "../lifecycle/start.ts";
import { forgetStrayConnections } from "../parts/connections.ts";
import type { ElementOwner } from "../parts/firewall.ts";
import { findProcess } from "../parts/process.ts";
import { trafficOf } from "../parts/traffic.ts";
import { iscsOf, listPresent, toPresent } from "./present.ts";
import { retireIsc } from "./retire.ts";
import { ensureRoutes, removeRoutes } from "./routes.ts";
import { ensureShaping } from "./shaping.ts";
import { ownerOf } from "./stack-traffic.ts";

/** ISCs started at the same time: more would only wait for each other. */
const atOnce = 4;

export type Report = (progress: Progress) => void;

/** The caller holds the stack's lock. Throws Problem of the first ISC that cannot be what it should; the others are tried all the same. */
export async function converge(engine: Engine, name: Name, report: Report): Promise<void> {
  const stack = engine.stacks.get(name);
  await removeRoutes(engine, stack.leaving, Object.values(stack.networks));
  await engine.stackNames.ensure();
  await ensureRoutes(engine, stack);
  await refreshTraffic(engine, stack);
  // What the file no longer allows ends now, though it began when it was allowed. What stays allowed is not touched.
  forgetStrayConnections(engine);
  const present = await listPresent(engine, name);
  const surplus = surplusIscs(stack, present);
  await Promise.all(surplus.map((one) => retireIsc(engine, one)));
  const missing = wantedIscs(stack).filter((wanted) => !present.some((one) => one.name === wanted.name));
  await createMembers(
    engine,
    missing.map((wanted) => {
      const member = stack.members[wanted.member];
      return { ...wanted, stack: name, image: member?.image, networks: rangesOf(stack, member?.networks ?? []) };
    }),
  );
  await bringAllUp(engine, stack, report);
  for (const record of iscsOf(engine, name)) if (findProcess(engine, record.name)) await ensureShaping(engine, record);
  await engine.stacks.save({ ...engine.stacks.get(name), leaving: [], pending: false });
}

/** What `diff` tells: the same steps, with nothing done. */
export async function planStack(engine: Engine, after: StackRecord) {
  return diffStack(engine.stacks.find(after.name), after, await listPresent(engine, after.name));
}

async function bringAllUp(engine: Engine, stack: StackRecord, report: Report): Promise<void> {
  const wanted = wantedIscs(stack);
  const refusals: unknown[] = [];
  let done = 0;
  for (const group of startOrder(stack)) {
    const queue = wanted.filter(({ member }) => group.includes(member));
    await inParallel(atOnce, queue, async ({ name }) => {
      report({ step: "start", text: name, index: ++done, total: wanted.length });
      try {
        await bringOneUp(engine, stack, name);
      } catch (error) {
        refusals.push(error);
      }
    });
  }
  if (refusals.length > 0) throw refusals[0];
}

async function bringOneUp(engine: Engine, stack: StackRecord, name: Name): Promise<void> {
  const record = engine.iscs.get(name);
  // It is kept as it is, and the others do its work.
  if (record.quarantine) return;
  const present = await toPresent(engine, record);
  const member = record.stack && stack.members[record.stack.member];
  if (!member) return;
  if (present.running) {
    if (whyReplace(stack, present) !== undefined) await replaceInstance(engine, { name, image: member.image, why: "update" });
    return;
  }
  await settle(engine, name, { image: member.image, networks: rangesOf(stack, member.networks) });
  await startIsc(engine, name);
}

/** What a stopped one is to be when it starts. On networks where somebody has its address it gets another slot. */
async function settle(
  engine: Engine,
  name: Name,
  change: Required<Pick<IscRecord, "image">> & { readonly networks: readonly NetworkRange[] },
): Promise<void> {
  await engine.locks.run("*", () =>
    engine.locks.run(name, async () => {
      const record = engine.iscs.get(name);
      const [other = record.slot] = engine.iscs.fits(record, change.networks) ? [] : engine.iscs.freeSlots(1, change.networks);
      await engine.iscs.update(name, { ...change, slot: other });
    }),
  );
}

/** Firewall elements of the stack and of all its instances, in one transaction: flows that stay are not touched, and no two states mix. */
async function refreshTraffic(engine: Engine, stack: StackRecord): Promise<void> {
  const listInstances = () => iscsOf(engine, stack.name).flatMap(recordsOf);
  const manifests = new Map<Digest, Manifest | undefined>();
  for (const { image } of listInstances()) manifests.set(image, await engine.images.findManifest(image));
  // From here on nothing is waited for: an ISC may have come into quarantine meanwhile.
  const elements = new Map<ElementOwner, readonly NftElement[]>([[ownerOf(stack.name), engine.stackTraffic.elementsOf(stack)]]);
  for (const instance of listInstances()) {
    const manifest = manifests.get(instance.image);
    if (manifest && engine.firewall.elementsOf(instance.name).length > 0)
      elements.set(instance.name, trafficOf(engine, instance, manifest.posture.network));
  }
  engine.firewall.exchange(elements, []);
}

async function inParallel<T>(count: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: count }, worker));
}
