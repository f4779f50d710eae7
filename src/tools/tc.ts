/** tc(8): queueing disciplines, classes and filters of a link. */
import { z } from "zod";
import type { Host } from "../host/host.ts";

const program = "tc";

const Qdisc = z.looseObject({ kind: z.string(), root: z.boolean().optional(), drops: z.number().optional() });
const Qdiscs = z.array(Qdisc);

/** @param namespace file of a network namespace; the host's own when undefined. Throws CommandFailure. */
export async function runTcBatch(host: Pick<Host, "run">, lines: readonly string[], namespace: string | undefined): Promise<void> {
  if (lines.length === 0) return;
  await host.run({ ...inside(namespace, ["-batch", "-"]), input: `${lines.join("\n")}\n` });
}

/** Packets that the queues of a link had no room for. Throws CommandFailure. */
export async function countTcDrops(host: Pick<Host, "run">, link: string, namespace: string | undefined): Promise<number> {
  const { stdout } = await host.run(inside(namespace, ["-s", "-j", "qdisc", "show", "dev", link]));
  return parseTcDrops(stdout);
}

/** The root counts what its leaves drop. */
function parseTcDrops(text: string): number {
  const qdiscs = Qdiscs.parse(JSON.parse(text));
  return qdiscs.find(({ root }) => root === true)?.drops ?? 0;
}

function inside(namespace: string | undefined, words: readonly string[]) {
  return namespace === undefined
    ? { program, arguments: words }
    : { program: "nsenter", arguments: [`--net=${namespace}`, "--", program, ...words] };
}
