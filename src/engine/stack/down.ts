/** down: a stack goes. ISCs with volumes stay, stopped, unless their volumes are to go, too. */
import { identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import type { StackStep } from "../../model/stack-view.ts";
import type { PresentIsc } from "../../plan/stack/diff-stack.ts";
import { startOrder } from "../../plan/stack/start-order.ts";
import type { Engine } from "../engine.ts";
import { destroyIsc } from "../lifecycle/destroy.ts";
import { stopIsc } from "../lifecycle/stop.ts";
import { awaitLinksGone } from "../parts/network.ts";
import type { Report } from "./converge.ts";
import { iscsOf, listPresent } from "./present.ts";
import { removeRoutes } from "./routes.ts";
import { ownerOf } from "./stack-traffic.ts";
import { lockOf } from "./up.ts";

export interface Down {
  readonly status: "down" | "removed";
  readonly steps: readonly StackStep[];
}

/** Throws Problem STACK_UNKNOWN, or that of an ISC that cannot be taken away; then another `down` carries on. */
export function downStack(engine: Engine, name: Name, volumes: boolean, report: Report): Promise<Down> {
  return engine.locks.run(lockOf(name), async () => {
    const stack = engine.stacks.get(name);
    const present = await listPresent(engine, name);
    const keeps = !volumes && present.some(({ hasVolumes }) => hasVolumes);
    await engine.stacks.save({ ...stack, desired: keeps ? "down" : "removed", pending: true });
    return finishDown(engine, name, report);
  });
}

/** Also for what a dock finds when it starts. The caller holds the stack's lock, or is the only one there. */
export async function finishDown(engine: Engine, name: Name, report: Report): Promise<Down> {
  const stack = engine.stacks.get(name);
  const keeps = stack.desired === "down";
  const present = inReverse(stack, await listPresent(engine, name));
  const steps: StackStep[] = [];
  const links = iscsOf(engine, name).flatMap((record) => identityOf(engine.dock, record).interfaces.map(({ link }) => link));
  for (const [index, one] of present.entries()) {
    const stays = keeps && one.hasVolumes;
    report({ step: stays ? "stop" : "destroy", text: one.name, index: index + 1, total: present.length });
    if (!stays) await destroyIsc(engine, one.name, { shred: false });
    else if (one.running) await stopIsc(engine, one.name);
    else continue;
    steps.push({ kind: "isc", change: stays ? "stop" : "remove", what: one.name });
  }
  await awaitLinksGone(engine, links);
  const ranges = Object.values(stack.networks);
  engine.firewall.remove(ownerOf(name));
  await removeRoutes(engine, [...ranges, ...stack.leaving]);
  for (const secret of Object.keys(stack.secrets) as Name[]) engine.secrets.forget(name, secret);
  if (keeps) await engine.stacks.save({ ...stack, leaving: [], pending: false });
  else {
    await engine.stacks.remove(name);
    steps.push(...ranges.map((range): StackStep => ({ kind: "network", change: "remove", what: range.name })));
  }
  await engine.stackNames.ensure();
  return { status: keeps ? "down" : "removed", steps };
}

/** Whoever connects goes before whom it connects to. */
function inReverse(stack: StackRecord, present: readonly PresentIsc[]): readonly PresentIsc[] {
  const order = startOrder(stack).flat();
  return present.toSorted((one, other) => order.indexOf(other.member) - order.indexOf(one.member));
}
