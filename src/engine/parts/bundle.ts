/** The bundle: what the OCI runtime reads to make an ISC's container, and the small files in /etc that differ from ISC to ISC. */
import type { Manifest } from "../../model/image.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { NetworkPolicy } from "../../model/network.ts";
import { namesFor } from "../../model/stack-flows.ts";
import { type EtcInput, etcFileNames, type KnownHost, renderEtcFiles } from "../../render/etc-files.ts";
import { renderOciConfig } from "../../render/oci-config.ts";
import type { RuntimeProgram } from "../../tools/oci-runtime.ts";
import type { Engine } from "../engine.ts";
import { stackOf } from "../stack/membership.ts";
import { cgroupPath } from "./cgroup.ts";
import { findProcess } from "./process.ts";
import { addressBook } from "./traffic.ts";

export interface BundleParts {
  readonly runtime: RuntimeProgram;
  /** Directories of the root under an overlay, already mounted. */
  readonly overlays: readonly string[];
  /** The runtime is told nothing of cgroups: it is started inside them. */
  readonly cgroupsByDock: boolean;
}

export async function writeBundle(engine: Engine, record: IscRecord, manifest: Manifest, parts: BundleParts): Promise<void> {
  await writeEtcFiles(engine, record, manifest.posture.network);
  const config = await bundleConfig(engine, record, manifest, parts);
  await engine.host.files.write(`${engine.layout.live.bundle(record.name)}/config.json`, JSON.stringify(config));
}

async function bundleConfig(engine: Engine, record: IscRecord, manifest: Manifest, parts: BundleParts): Promise<object> {
  const config = renderOciConfig({
    manifest,
    record,
    identity: identityOf(engine.dock, record),
    layout: engine.layout,
    runtime: parts.runtime,
    cgroupsPath: cgroupPath(engine, record.name),
    seccomp: await engine.seccomp.render(manifest, parts.runtime),
    openFilesCeiling: engine.openFilesCeiling,
    swapAccounting: engine.swapAccounting,
    overlays: parts.overlays,
  });
  if (!parts.cgroupsByDock) return config;
  const { cgroupsPath: _path, resources: _resources, ...linux } = config.linux;
  return { ...config, linux };
}

async function writeEtcFiles(engine: Engine, record: IscRecord, policy: NetworkPolicy): Promise<void> {
  const directory = engine.layout.live.etc(record.name);
  const contents = renderEtcFiles({ record, identity: identityOf(engine.dock, record), ...namesOf(engine, record, policy) });
  await engine.host.files.makeDirectory(directory, 0o755);
  // Written in place: the files are bound into the running ISC, and a rename would leave it with the old ones.
  await Promise.all(etcFileNames.map((name) => engine.host.files.write(`${directory}/${name}`, contents[name], 0o644)));
}

/** In a stack names are asked for, too: those of its own members are always known, while the dock is away as well. */
function namesOf(engine: Engine, record: IscRecord, policy: NetworkPolicy): Pick<EtcInput, "hosts" | "resolver"> {
  const { stack: membership } = record;
  if (!membership) return { hosts: knownHosts(engine, policy) };
  const stack = stackOf(engine, record);
  if (!stack) return { hosts: [] };
  const known = namesFor(stack, membership.member);
  return {
    hosts: known.flatMap(({ names, addresses }) => names.map((name) => ({ name, addresses }))),
    resolver: { addresses: engine.stackNames.addresses, search: (record.networks ?? []).map(({ name }) => `${name}.isc`) },
  };
}

function knownHosts(engine: Engine, policy: NetworkPolicy): readonly KnownHost[] {
  const book = addressBook(engine);
  return policy.connect.flatMap((connection) => {
    if (connection.kind === "name") return [{ name: connection.host, addresses: book.ofName(connection.host) }];
    // The first two are those of the instance that has the name.
    if (connection.kind === "isc") return [{ name: connection.isc, addresses: book.ofIsc(connection.isc).slice(0, 2) }];
    return [];
  });
}

/** After names have been resolved anew: the hosts files of those that run. */
export async function refreshEtcHosts(engine: Engine): Promise<void> {
  for (const record of engine.iscs.list()) {
    if (!findProcess(engine, record.name)) continue;
    const manifest = await engine.images.findManifest(record.image);
    if (manifest) await writeEtcFiles(engine, record, manifest.posture.network);
  }
}
