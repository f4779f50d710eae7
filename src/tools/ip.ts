/** ip(8) for what is done once for a whole network: routes, and rules that choose among tables of them. */
import { z } from "zod";
import type { Host } from "../host/host.ts";

const program = "ip";
/** Marks the routes that docks make, beside those of everybody else (/etc/iproute2/rt_protos). */
export const routeProtocol = "215";

const Route = z.looseObject({
  type: z.string().optional(),
  dst: z.string(),
  gateway: z.string().optional(),
  dev: z.string().optional(),
  protocol: z.string().optional(),
  table: z.string().optional(),
});
export type IpRoute = z.infer<typeof Route>;

/** Every route of every table, of both families. Throws CommandFailure. */
export async function listRoutes(host: Pick<Host, "run">): Promise<readonly IpRoute[]> {
  const answers = await Promise.all(
    ["-4", "-6"].map((family) => host.run({ program, arguments: ["-j", "-N", family, "route", "show", "table", "all"] })),
  );
  return answers.flatMap(({ stdout }) => parseRoutes(stdout));
}

function parseRoutes(text: string): readonly IpRoute[] {
  return text.trim() === "" ? [] : z.array(Route).parse(JSON.parse(text));
}

const Rule = z.looseObject({
  priority: z.number(),
  src: z.string().optional(),
  srclen: z.number().optional(),
  table: z.string().optional(),
});

/** "PRIORITY from PREFIX lookup TABLE" of every rule that has a source, of both families. Throws CommandFailure. */
export async function listSourceRules(host: Pick<Host, "run">): Promise<readonly string[]> {
  const answers = await Promise.all(["-4", "-6"].map((family) => host.run({ program, arguments: ["-j", "-N", family, "rule", "show"] })));
  return answers.flatMap(({ stdout }) =>
    z
      .array(Rule)
      .parse(JSON.parse(stdout.trim() === "" ? "[]" : stdout))
      .flatMap(({ priority, src, srclen, table = "" }) =>
        src === undefined || srclen === undefined ? [] : [`${priority} from ${src}/${srclen} lookup ${table}`],
      ),
  );
}

/** Commands of one object each, in order, as `ip -batch` takes them; those that find nothing to delete are no mistake. Throws CommandFailure. */
export async function runIpBatch(host: Pick<Host, "run">, lines: readonly string[], family?: "-4" | "-6"): Promise<void> {
  if (lines.length === 0) return;
  const isDeleting = lines.every((line) => / (?:del|flush) /.test(line));
  await host.run({
    program,
    arguments: [...(family === undefined ? [] : [family]), ...(isDeleting ? ["-force"] : []), "-batch", "-"],
    input: `${lines.join("\n")}\n`,
    ...(isDeleting && { allowExitCodes: [0, 1, 2] }),
  });
}
