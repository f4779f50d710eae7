/** Verify: the contract, row by row, held against what runs. Answers findings; nothing that it finds makes it throw. */

import type { Finding } from "../../model/finding.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import { checkContract } from "../../plan/checks/check-contract.ts";
import type { IdentityFacts, ImageFacts, IscFacts, LiveFacts, Seen } from "../../plan/checks/facts.ts";
import type { Engine } from "../engine.ts";
import type { Reading } from "../images.ts";
import { cgroupPath } from "../parts/cgroup.ts";
import { findProcess } from "../parts/process.ts";
import { type HostView, viewHost } from "./host-view.ts";
import { readImage } from "./image-facts.ts";
import { readLive } from "./live-facts.ts";
import { lookLong, orUndefined } from "./look.ts";
import { isWhole } from "./process-facts.ts";
import { keysOf } from "./scratch-facts.ts";

/** `full`: whole images are read again. */
export interface VerifyOptions extends Reading {
  /** Tell a FAIL that was seen once: of what is frozen, and cannot be on its way to something else. */
  readonly once?: boolean;
}

/**
 * A FAIL is only told when it is seen twice, this long apart: a command that is just entering an ISC (exec, a health check)
 * is for a moment in its cgroup without its walls, and a port being exposed is in the record before it is in the firewall.
 */
const secondLookMs = 40;

/** Findings of each ISC in the contract's order, ISCs in the order of their names given. Throws Problem ISC_UNKNOWN or STATE_DAMAGED. */
export async function verifyMany(engine: Engine, names: readonly Name[], options: VerifyOptions): Promise<readonly Finding[]> {
  const records = names.map((name) => engine.iscs.get(name));
  const images = new Map<IscRecord["image"], ImageFacts>();
  for (const { image } of records) if (!images.has(image)) images.set(image, await readImage(engine, image, options));
  const first = await look(engine, records, images);
  const doubtful = records.filter((record) => first.get(record.name)?.some(isDoubtful));
  if (doubtful.length === 0 || options.once) return [...first.values()].flat();
  await engine.host.sleep(secondLookMs);
  const present = doubtful.flatMap(({ name }) => engine.iscs.find(name) ?? []);
  const second = await look(engine, present, images);
  return names.flatMap((name) => second.get(name) ?? first.get(name) ?? []);
}

/** Images do not change under way. */
function isDoubtful({ row, verdict }: Finding): boolean {
  return verdict === "FAIL" && row !== "files.minimal" && row !== "root.signed";
}

type Images = ReadonlyMap<IscRecord["image"], ImageFacts>;

async function look(engine: Engine, records: readonly IscRecord[], images: Images): Promise<ReadonlyMap<Name, readonly Finding[]>> {
  const view = viewHost(engine);
  const findings = new Map<Name, readonly Finding[]>();
  const ledger = await lookLong(() => engine.ledger.check());
  const identities = engine.iscs.list().map((record) => tellApart(engine, record, view));
  for (const record of records) {
    const image = images.get(record.image) ?? (await readImage(engine, record.image, { full: false }));
    const live = await readLive(engine, { record, manifest: image.manifest, view });
    findings.set(record.name, checkContract(joinFacts(engine, { record, image, live, view, identities, ledger })));
  }
  return findings;
}

interface Looked {
  readonly record: IscRecord;
  readonly image: ImageFacts;
  readonly live: Seen<LiveFacts>;
  readonly view: HostView;
  readonly identities: readonly IdentityFacts[];
  readonly ledger: IscFacts["ledger"];
}

function joinFacts(engine: Engine, { record, image, live, view, identities, ledger }: Looked): IscFacts {
  const own = { ...tellApart(engine, record, view), keyIdentifiers: "seen" in live ? keysOf(live.seen.scratch) : [] };
  return {
    record,
    identity: identityOf(engine.dock, record),
    image,
    live,
    own,
    others: identities.filter(({ name }) => name !== record.name),
    host: view.identity,
    ledger,
    audit: view.audit,
    cgroupPath: cgroupPath(engine, record.name),
  };
}

/** What tells one ISC from another, read from the running thing where there is one. */
function tellApart(engine: Engine, { name, slot, machineId, generation }: IscRecord, view: HostView): IdentityFacts {
  const process = generation === 0 ? undefined : orUndefined(() => findProcess(engine, name));
  const namespaces = process && view.processes.find(({ pid }) => pid === process.pid)?.namespaces;
  const key =
    process && orUndefined(() => engine.host.kernel.fscrypt.readEncryptionPolicy(engine.layout.live.placesMount(name)))?.keyIdentifier;
  return {
    name,
    slot,
    machineId,
    keyIdentifiers: key === undefined ? [] : [key],
    namespaces: namespaces && isWhole(namespaces) ? namespaces : undefined,
  };
}
