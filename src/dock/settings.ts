/** What the environment says about a dock: where it keeps things and which addresses are its own. */
import { createHash } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import { Problem } from "../base/problem.ts";
import { type DockIdentity, parseDockIdentity } from "../model/identity.ts";
import { RuntimeName } from "../model/isc.ts";

const absolute = z
  .string()
  .refine(
    (text) => path.isAbsolute(text) && path.normalize(text) === text && text !== "/",
    "must be an absolute, normalised path other than /",
  );

const Environment = z.object({
  ISC_ROOT: absolute.default("/var/lib/isc"),
  ISC_RUN: absolute.default("/run/isc"),
  ISC_CACHE: absolute.optional(),
  ISC_CONFIG: absolute.optional(),
  ISC_NET: z.string().default("10.201.0.0/16"),
  ISC_RUNTIME: RuntimeName.exclude(["runsc"]).optional(),
});

export interface DockSettings {
  readonly root: string;
  readonly run: string;
  readonly cache: string;
  /** dock.yaml; it need not exist unless it was named. */
  readonly config: { readonly file: string; readonly named: boolean };
  readonly network: string;
  readonly identity: DockIdentity;
  /** Asked for by the operator; otherwise the dock takes what works. */
  readonly runtime?: "crun" | "runc";
}

/** @throws Problem USAGE naming the variable */
export function readDockSettings(environment: Readonly<Record<string, string | undefined>>): DockSettings {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Problem("USAGE", `cannot use ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { ISC_ROOT: root, ISC_RUN: run, ISC_CACHE: cache = `${root}/cache`, ISC_NET: network, ISC_RUNTIME: runtime } = parsed.data;
  const identity = parseDockIdentity(tagOf(root, network), network);
  if (!identity) {
    throw new Problem("USAGE", `cannot use ISC_NET: ${network} is no IPv4 network with a prefix length of 8 to 20`, {
      hint: "the default is 10.201.0.0/16",
    });
  }
  const { ISC_CONFIG } = parsed.data;
  const config = { file: ISC_CONFIG ?? `${root}/dock.yaml`, named: ISC_CONFIG !== undefined };
  return { root, run, cache, config, network, identity, ...(runtime === undefined ? {} : { runtime }) };
}

/** Four hexadecimal digits in the names of this dock's links, table and cgroups. */
function tagOf(root: string, network: string): string {
  return createHash("sha256").update(`${root}\0${network}`).digest("hex").slice(0, 4);
}
