/** The last touches to a root: process 1, mount points, and files of the machine that every ISC gets its own of. */
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import type { PlaceDirectory, WritablePlace } from "../../model/image.ts";
import { resolveIdentity } from "../../plan/services/accounts.ts";
import type { PlannedInit } from "../../plan/services/plan-init.ts";
import type { BuildContext } from "./build-context.ts";
import { withImageIds } from "./build-ids.ts";
import { lockShadow } from "./clean-plan.ts";
import type { ImageTree } from "./image-tree.ts";
import { planPlaces } from "./places-plan.ts";
import type { PlannedRoot } from "./plan-root.ts";
import { readTmpfiles } from "./unit-files.ts";

const catatonit = "/usr/bin/catatonit";
const program = { mode: 0o755, uid: 0, gid: 0 };
const plainFile = { mode: 0o644, uid: 0, gid: 0 };
/** Bound over with each ISC's own. */
const ownFiles = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/machine-id"];
const mountPoints = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log"];
const shadowMode = 0o640;

export interface FinishedRoot {
  readonly places: readonly WritablePlace[];
  /** Volumes' mount points without symlinks, by name. */
  readonly volumes: Readonly<Record<string, string>>;
}

export async function finishRoot(context: BuildContext, tree: ImageTree, planned: PlannedRoot): Promise<FinishedRoot> {
  const { host, blueprint } = context;
  await layInit(host, tree, planned.init);
  for (const path of mountPoints) await tree.makeDirectory(path);
  for (const path of ownFiles) await tree.write(path, "", plainFile);
  const shadow = tree.readText("/etc/shadow");
  if (shadow !== undefined) await tree.write("/etc/shadow", lockShadow(shadow), { mode: shadowMode, uid: 0, gid: ownerOfShadow(tree) });
  const volumes: Record<string, string> = {};
  for (const [name, { at }] of Object.entries(blueprint.posture.volumes))
    volumes[name] = await tree.makeDirectory(at.length > 1 ? at.replace(/\/$/, "") : at);
  const places = planPlaces({
    entries: withImageIds(await context.readTree(tree.root)),
    wanted: await wantedDirectories(host, tree, planned),
    volumes: Object.values(volumes),
    owner: planned.init.init,
  }).map(({ uid, gid, path, mode, directories, seeded }) => ({ path, mode, uid, gid, directories, seeded }));
  for (const place of places) await tree.makeDirectory(place.path, { mode: place.mode & 0o755, uid: place.uid, gid: place.gid });
  return { places, volumes };
}

async function layInit(host: Host, tree: ImageTree, planned: PlannedInit): Promise<void> {
  if (planned.needsCatatonit) {
    const bytes = await host.files.readBytes(catatonit);
    if (!isStatic(bytes))
      throw new Problem("HOST_INCAPABLE", `cannot use ${catatonit} as process 1: it is not a statically linked program`);
    await tree.write("/.isc/catatonit", bytes, program);
  }
  for (const file of planned.files) {
    if (file.kind === "symlink") await tree.symlink(file.path, file.target);
    else await tree.write(file.path, file.content, { mode: file.mode, uid: 0, gid: 0 });
  }
}

/** In the order in which they decide about owner and mode. */
async function wantedDirectories(host: Host, tree: ImageTree, { services, init }: PlannedRoot): Promise<readonly PlaceDirectory[]> {
  const facts = tree.facts();
  const tmpfiles = (await readTmpfiles(host, tree.root)).flatMap(({ path, mode, user, group }) => {
    try {
      const { uid, gid } = resolveIdentity(facts, { user, group });
      return /^\/(?:var\/)?run\//.test(path) || path.startsWith("/var/log/") ? [{ path, mode, uid, gid }] : [];
    } catch {
      // A user that only systemd would make: nobody of this image needs the directory.
      return [];
    }
  });
  return [...services.flatMap((planned) => planned.writable), ...init.directories, ...tmpfiles].map((wanted) => ({
    ...wanted,
    path: tree.resolve(wanted.path),
  }));
}

function ownerOfShadow(tree: ImageTree): number {
  try {
    return resolveIdentity(tree.facts(), { user: "root", group: "shadow" }).gid;
  } catch {
    return 0;
  }
}

/** Whether an ELF program needs no interpreter (elf(5): no program header of type PT_INTERP). */
function isStatic(elf: Buffer): boolean {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) return false;
  const interpreter = 3;
  const [offset, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(offset + index * size)).every((type) => type !== interpreter);
}
