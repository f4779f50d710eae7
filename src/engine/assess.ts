/** Assess: what a running ISC is like to attack, from its findings, its image, its posture and how long it has been there. */
import { Problem } from "../base/problem.ts";
import type { Assessment, AssessProfile } from "../model/assessment.ts";
import type { Digest } from "../model/digest.ts";
import type { Manifest } from "../model/image.ts";
import type { Name } from "../model/name.ts";
import { assess } from "../plan/assess/assess.ts";
import { readSurface } from "../plan/assess/surface.ts";
import type { Engine } from "./engine.ts";
import { readImagePackages } from "./image-packages.ts";
import { exposureWindow } from "./observe.ts";
import { verifyMany } from "./verify/verify.ts";

/** Throws Problem ISC_UNKNOWN, ISC_STOPPED or STATE_DAMAGED. */
export async function assessIsc(engine: Engine, name: Name, profile: AssessProfile): Promise<Assessment> {
  const record = engine.iscs.get(name);
  const aliveMs = exposureWindow(engine, record)?.currentMs;
  if (aliveMs === undefined) {
    throw new Problem("ISC_STOPPED", `cannot assess ${name}: it is not running`, { hint: `iscadm start ${name}` });
  }
  const { manifest, addedAtMs } = await engine.images.store.get(record.image);
  const facts = {
    isc: name,
    findings: await verifyMany(engine, [name], { full: false }),
    posture: manifest.posture,
    exposures: record.exposures,
    surface: readSurface((await engine.host.files.findText(engine.layout.image.files(record.image))) ?? "", profile),
    systemCalls: await countSystemCalls(engine, manifest),
    packageCount: await countPackages(engine, record.image),
    imageAgeMs: engine.host.now() - addedAtMs,
    aliveMs,
  };
  return assess(facts, profile);
}

async function countSystemCalls({ seccomp }: Engine, manifest: Manifest): Promise<number> {
  const { syscalls } = await seccomp.render(manifest);
  return new Set(syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names)).size;
}

/** `verify` tells of a list that cannot be read. */
async function countPackages(engine: Engine, digest: Digest): Promise<number> {
  return (await readImagePackages(engine, digest).catch(() => [])).length;
}
