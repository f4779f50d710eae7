/** A stack file, and the images that its blueprints have become → what the dock is to make of it. */
import { Problem } from "../../base/problem.ts";
import type { Digest } from "../../model/digest.ts";
import type { DockIdentity } from "../../model/identity.ts";
import type { Manifest } from "../../model/image.ts";
import type { Name } from "../../model/name.ts";
import type { Flow, NetworkRange, RecordedMember, Stack, StackMember, StackRecord } from "../../model/stack.ts";
import { numberServices } from "./addresses.ts";
import { chooseRanges, type TakenRange } from "./ranges.ts";

export interface Proposal {
  readonly stack: Stack;
  readonly images: ReadonlyMap<Name, Pick<Manifest, "posture"> & { readonly digest: Digest }>;
  readonly before: StackRecord | undefined;
  readonly taken: readonly TakenRange[];
  readonly changedSecrets: readonly Name[];
  readonly dock: DockIdentity;
  readonly file: string;
  readonly nowMs: number;
}

/** Throws Problem NETWORK_TAKEN, NETWORK_FULL, or STACK_INVALID for what a blueprint contradicts. */
export function proposeStack(proposal: Proposal): StackRecord {
  const { stack, before, dock, taken, changedSecrets, nowMs } = proposal;
  const members = Object.fromEntries(
    (Object.entries(stack.members) as [Name, StackMember][]).map(([name, member]) => [name, recordMember(proposal, name, member)]),
  );
  for (const flow of stack.flows) assertHeard(stack, members, flow);
  const networks = chooseRanges({ dock, stack: stack.name, declared: stack.networks, previous: before?.networks ?? {}, taken });
  const changes = Object.fromEntries(changedSecrets.map((name) => [name, nowMs]));
  return {
    version: 1,
    name: stack.name,
    desired: "up",
    networks,
    members,
    flows: stack.flows,
    secrets: stack.secrets,
    addresses: numberServices({ name: stack.name, members, networks }, before?.addresses ?? {}),
    secretsChangedAtMs: { ...before?.secretsChangedAtMs, ...changes },
    leaving: [...(before?.leaving ?? []), ...Object.values(before?.networks ?? {})].filter((range) => !isSame(range, networks[range.name])),
    pending: true,
    file: proposal.file,
    changedAtMs: nowMs,
  };
}

function isSame(one: NetworkRange, other: NetworkRange | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function recordMember({ images, stack }: Proposal, name: Name, member: StackMember): RecordedMember {
  const image = images.get(name);
  if (!image) throw new Problem("BUG", `member ${name} of ${stack.name} has no image`);
  const { network, health } = image.posture;
  const { count, networks, expose, limits, secrets } = member;
  for (const exposure of expose)
    assertListening(network.listen, exposure, `${stack.name}: ${name} exposes ${exposure.port}/${exposure.protocol}, but`, name);
  return {
    image: image.digest,
    listen: network.listen,
    ...(health && "port" in health && { healthPort: health.port }),
    ...(count !== undefined && { count }),
    networks,
    expose,
    ...(limits && { limits }),
    secrets,
  };
}

/** A flow to a port that nobody listens on is a mistyped one. */
function assertHeard(stack: Stack, members: Readonly<Record<string, RecordedMember>>, { from, to, port, protocol }: Flow): void {
  if (to.kind !== "isc") return;
  const listen = members[to.isc]?.listen ?? [];
  assertListening(listen, { port, protocol }, `${stack.name}: ${from} may connect to ${to.isc} ${port}/${protocol}, but`, to.isc);
}

type Port = RecordedMember["listen"][number];

function assertListening(listen: readonly Port[], wanted: Port, sentence: string, name: Name): void {
  if (listen.length === 0 || listen.some(({ port, protocol }) => port === wanted.port && protocol === wanted.protocol)) return;
  const ports = listen.map(({ port, protocol }) => `${port}/${protocol}`).join(", ");
  throw new Problem("STACK_INVALID", `cannot use ${sentence} its blueprint listens on ${ports}`, {
    hint: `correct the port, or network.listen in the blueprint of ${name}`,
  });
}
