/** The bandwidth of an ISC and of its flows: queues at both ends of its links, which it cannot change from inside. */
import { Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { InterfaceIdentity } from "../../model/identity.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { StackRecord } from "../../model/stack.ts";
import { reachableBy, wayOut } from "../../model/stack-flows.ts";
import { renderNoShaping, renderShaping, type ShapedFlow, type Shaping } from "../../render/tc-batch.ts";
import { runTcBatch } from "../../tools/tc.ts";
import type { Engine } from "../engine.ts";
import { stackOf } from "./membership.ts";

const shaper = "htb";

/** Safe to repeat; costs nothing where nothing is limited. Needs the network. Throws Problem HOST_INCAPABLE. */
export async function ensureShaping(engine: Engine, record: IscRecord): Promise<void> {
  const stack = stackOf(engine, record);
  if (!stack) return;
  for (const one of identityOf(engine.dock, record).interfaces) {
    const shaping = shapingOf(stack, record, one);
    const isWanted = shaping.bitsPerSecond !== undefined || shaping.flows.length > 0;
    const isThere = isShaped(engine, one.link);
    if (!isWanted && !isThere) continue;
    await shape(engine, { record, one, shaping: isWanted ? shaping : undefined, isThere });
  }
}

export function isShaped({ host }: Pick<Engine, "host">, link: string): boolean {
  using socket = new host.kernel.rtnetlink.Rtnetlink();
  return socket.findLink(link)?.qdisc === shaper;
}

interface Work {
  readonly record: IscRecord;
  readonly one: InterfaceIdentity;
  /** Undefined: none is wanted. */
  readonly shaping: Shaping | undefined;
  readonly isThere: boolean;
}

async function shape({ host, layout }: Engine, { record, one, shaping, isThere }: Work): Promise<void> {
  const pin = layout.live.networkNamespace(record.name);
  const lines = (link: string, side: "src" | "dst") => [
    ...(isThere ? [renderNoShaping(link)] : []),
    ...(shaping ? renderShaping(link, side, shaping) : []),
  ];
  try {
    await runTcBatch(host, lines(one.inside, "dst"), pin);
    // Last: this end is what `isShaped` looks at.
    await runTcBatch(host, lines(one.link, "src"), undefined);
  } catch (error) {
    throw cannotLimit(record, error);
  }
}

function cannotLimit({ name }: IscRecord, cause: unknown): Problem {
  return new Problem("HOST_INCAPABLE", `cannot limit the bandwidth of ${name}: ${reasonOf(cause)}`, {
    hint: "a kernel with CONFIG_NET_SCH_HTB and CONFIG_NET_CLS_U32 (modprobe sch_htb cls_u32)",
    cause,
  });
}

function shapingOf(stack: StackRecord, { stack: membership }: IscRecord, { network }: InterfaceIdentity): Shaping {
  const member = membership && stack.members[membership.member];
  if (!member) return { flows: [] };
  const flows = stack.flows.filter(({ from, limits }) => from === membership.member && limits?.bitsPerSecond !== undefined);
  return {
    bitsPerSecond: member.limits?.bitsPerSecond,
    flows: flows.flatMap((flow): readonly ShapedFlow[] => {
      const { port, protocol, to, limits } = flow;
      const addresses =
        to.kind === "isc"
          ? reachableBy(stack, flow).flatMap(({ range, addresses: all }) => (range.name === network ? all : []))
          : to.kind === "address" && wayOut(stack, member)?.name === network
            ? [to.address]
            : [];
      return addresses.length === 0 ? [] : [{ bitsPerSecond: limits?.bitsPerSecond ?? 0, port, protocol, addresses }];
    }),
  };
}
