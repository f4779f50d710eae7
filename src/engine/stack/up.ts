/** up: a stack becomes what its file says; and what that would change. */

import { Problem } from "../../base/problem.ts";
import type { Name } from "../../model/name.ts";
import type { NetworkRange, Stack, StackRecord } from "../../model/stack.ts";
import { prefixesOf } from "../../model/stack-address.ts";
import type { StackStep } from "../../model/stack-view.ts";
import { type Proposal, proposeStack } from "../../plan/stack/propose.ts";
import type { TakenRange } from "../../plan/stack/ranges.ts";
import type { Engine } from "../engine.ts";
import { assertHostPortsFree } from "../lifecycle/host-ports.ts";
import { converge, planStack, type Report } from "./converge.ts";
import { listHostRanges } from "./routes.ts";

export interface StackRequest {
  readonly stack: Stack;
  readonly images: Proposal["images"];
  /** Those that were given; the others stay as they are. Overwritten with zeros in the end. */
  readonly secrets: ReadonlyMap<Name, Buffer>;
  readonly file: string;
}

/** Throws Problem: until all of it is checked nothing has changed; after that, another `up` carries on. */
export function upStack(engine: Engine, request: StackRequest, report: Report): Promise<readonly StackStep[]> {
  const { name } = request.stack;
  return engine.locks.run(lockOf(name), async () => {
    const before = engine.stacks.find(name);
    const { after, steps } = await claim(engine, request);
    await converge(engine, name, report);
    for (const secret of Object.keys(before?.secrets ?? {}) as Name[]) if (!(secret in after.secrets)) engine.secrets.forget(name, secret);
    return steps;
  });
}

/** Ranges and host ports are chosen among those that nobody has: two stacks that choose at the same time would have the same. */
function claim(engine: Engine, request: StackRequest): ReturnType<typeof propose> {
  return engine.locks.run("*", async () => {
    const proposed = await propose(engine, request, changedOf(engine, request));
    for (const [secret, bytes] of request.secrets) engine.secrets.keep(request.stack.name, secret, bytes);
    await engine.stacks.save(proposed.after);
    return proposed;
  });
}

/** Changes nothing. Throws Problem as `upStack`. */
export async function diffStackFile(engine: Engine, request: StackRequest): Promise<readonly StackStep[]> {
  return (await propose(engine, request, changedOf(engine, request))).steps;
}

export function lockOf(stack: Name): string {
  return `stack ${stack}`;
}

async function propose(
  engine: Engine,
  { stack, images, file }: StackRequest,
  changedSecrets: readonly Name[],
): Promise<{ readonly after: StackRecord; readonly steps: readonly StackStep[] }> {
  engine.stacks.assertWhole(stack.name);
  const before = engine.stacks.find(stack.name);
  const taken: readonly TakenRange[] = [...othersRanges(engine, stack.name), ...(await listHostRanges(engine))];
  const nowMs = engine.host.now();
  const after = proposeStack({ stack, images, before, taken, changedSecrets, dock: engine.dock, file, nowMs });
  for (const range of Object.values(after.networks)) assertUplink(engine, after.name, range);
  for (const member of Object.values(after.members)) assertHostPortsFree(engine, { stack: stack.name }, member.expose);
  const steps = await planStack(engine, after);
  const secretSteps = before ? changedSecrets.map((what): StackStep => ({ kind: "secret", change: "change", what })) : [];
  return { after, steps: [...secretSteps, ...steps] };
}

/** Packets under an address that is not the host's would be somebody else's. */
function assertUplink({ host }: Engine, stack: Name, { name, uplink }: NetworkRange): void {
  if (!uplink || uplink.kind === "any") return;
  using socket = new host.kernel.rtnetlink.Rtnetlink();
  const wanted = uplink.kind === "address" ? uplink.address : uplink.interface;
  const known =
    uplink.kind === "address" ? socket.listAddresses().map(({ address }) => address) : socket.listLinks().map((link) => link.name);
  if (known.includes(wanted)) return;
  throw new Problem(
    "STACK_INVALID",
    `cannot use ${wanted} as the way out of network ${name} of ${stack}: this host has no such ${uplink.kind}`,
    {
      hint: uplink.kind === "address" ? "ip address shows those that it has" : "ip link shows those that it has",
    },
  );
}

function othersRanges(engine: Engine, own: Name): readonly TakenRange[] {
  return engine.stacks
    .list()
    .filter(({ name }) => name !== own)
    .flatMap(({ name, networks }) =>
      Object.values(networks).flatMap((range) =>
        prefixesOf(range).map((prefix) => ({ prefix, who: `network ${range.name} of stack ${name}` })),
      ),
    );
}

/** Secrets that are others than those kept. After a boot nothing is kept, and nothing runs that has an old one. */
function changedOf(engine: Engine, { stack, secrets }: StackRequest): readonly Name[] {
  return [...secrets].flatMap(([name, bytes]) => {
    const kept = engine.secrets.find(stack.name, name);
    const isSame = kept === undefined || kept.equals(bytes);
    kept?.fill(0);
    return isSame ? [] : [name];
  });
}
