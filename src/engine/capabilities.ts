/** What this host can do, found by trying where trying is cheap and changes nothing, else by looking. */
import type { Host } from "../host/host.ts";
import type { Capability } from "../model/capability.ts";
import type { Layout } from "../model/layout.ts";
import { probeCgroups } from "./capabilities-cgroups.ts";
import { probeErofs, probeFsVerity, probeScratchFileSystem, probeVolumeFileSystem } from "./capabilities-file-systems.ts";
import { probeFirewall, probeIpv6 } from "./capabilities-network.ts";
import { type Probe, probing } from "./capabilities-probe.ts";
import { probeDmCrypt, probePrograms } from "./capabilities-programs.ts";
import { probeSecurity } from "./capabilities-security.ts";

const probes: readonly Probe[] = [
  ...probeSecurity,
  probeErofs,
  probeFsVerity,
  probeScratchFileSystem,
  probeDmCrypt,
  probeVolumeFileSystem,
  probeCgroups,
  probeFirewall,
  probeIpv6,
  ...probePrograms,
];

/** In the table's order, always the same names. Never throws because of what it found; throws the error of node:fs when ISC_ROOT cannot be written to. */
export async function detectCapabilities(host: Host, layout: Layout): Promise<readonly Capability[]> {
  await host.files.makeDirectory(layout.temporary);
  const directory = await host.files.makeTemporary(layout.temporary, "capabilities-");
  try {
    const answers = await Promise.all(probes.map((probe) => probing(probe, { host, directory })));
    return answers.flat();
  } finally {
    await host.files.remove(directory);
  }
}
