/**
 * Scratch: the encrypted throw-away space of one ISC. A sparse copy of a formatted template behind a loop device; the key is made
 * here, given to the kernel and forgotten. What a broken-off attempt leaves cannot be read again, so it is removed and made anew.
 */
import { Problem } from "../../base/problem.ts";
import { renderSize } from "../../base/size.ts";
import type { Host } from "../../host/host.ts";
import type { WritablePlace } from "../../model/image.ts";
import { liveMode } from "../../model/layout.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { type IdMapping, mountIdmapped } from "../idmapped-mount.ts";
import { isError, isMountPoint, unmountFrom } from "../mount-table.ts";
import type { ScratchEncryption } from "../scratch-encryption.ts";
import { encryptedDirectory, mapNameOf, mountWithDmCrypt, mountWithFscrypt, releaseDevice } from "./scratch-device.ts";
import { removeOverlays } from "./scratch-overlay.ts";
import { makePlaces } from "./scratch-places.ts";

export type MachinePlaces = Pick<Engine, "host" | "layout">;

export interface ScratchRequest extends IdMapping {
  readonly name: Name;
  readonly sizeBytes: number;
  readonly places: readonly WritablePlace[];
  /** Root of the sealed image, not idmapped: seeded places are copied from it. */
  readonly imageRoot: string;
  /** Default fscrypt. */
  readonly encryption?: ScratchEncryption;
}

/**
 * Afterwards `layout.live.placesMount(name)` is an idmapped nosuid, nodev, noexec mount in which each place lies at its image path.
 * Scratch that is there already, whole, is kept. Throws Problem DISK_FULL, KernelError, CommandFailure; then nothing is left.
 */
export async function ensureScratch(engine: Pick<Engine, "host" | "layout" | "scratchTemplates">, request: ScratchRequest): Promise<void> {
  // The last step of making it is this mount: where it stands, everything below does.
  if (isMountPoint(engine.host, engine.layout.live.placesMount(request.name))) return;
  await removeScratch(engine, request.name);
  try {
    await makeScratch(engine, request);
  } catch (error) {
    await removeScratch(engine, request.name);
    throw isError(error, "ENOSPC", "EDQUOT") ? noSpace(request, error) : error;
  }
}

function noSpace({ name, sizeBytes }: ScratchRequest, cause: unknown): Problem {
  return new Problem("DISK_FULL", `cannot make scratch of ${renderSize(sizeBytes)} for ${name}: no space is left`, { cause });
}

async function makeScratch(engine: Pick<Engine, "host" | "layout" | "scratchTemplates">, request: ScratchRequest): Promise<void> {
  const { host, layout, scratchTemplates } = engine;
  const { name, sizeBytes, places, imageRoot } = request;
  const file = layout.isc.scratchFile(name);
  const mountPoint = layout.live.scratchMount(name);
  const target = layout.live.placesMount(name);
  await Promise.all([layout.isc.directory(name), mountPoint, target].map((directory) => host.files.makeDirectory(directory, liveMode)));
  if (request.encryption === "dm-crypt") {
    host.kernel.sparse.writeSparse(file, { sizeBytes, extents: [] });
    await mountWithDmCrypt(host, file, mountPoint, mapNameOf(layout, name));
  } else {
    host.kernel.sparse.writeSparse(file, await scratchTemplates.get(sizeBytes));
    mountWithFscrypt(host, file, mountPoint);
  }
  const directory = `${mountPoint}/${encryptedDirectory}`;
  await makePlaces(host, { directory, at: "/", places, imageRoot });
  await mountIdmapped(host, directory, target, request);
}

/**
 * Unmounts, frees the device, deletes the file. Safe to repeat, and at whatever point an ensure was broken off.
 * Somebody who still has it open gets EIO from then on. Throws KernelError, CommandFailure.
 */
export async function removeScratch({ host, layout }: MachinePlaces, name: Name): Promise<void> {
  const file = layout.isc.scratchFile(name);
  const mountPoint = layout.live.scratchMount(name);
  removeOverlays({ host, layout }, name);
  if (isMountPoint(host, mountPoint)) shutDown(host, mountPoint);
  unmountFrom(host, layout.live.placesMount(name));
  unmountFrom(host, mountPoint);
  if (!host.files.findNow(file)) return;
  await releaseDevice(host, file, mapNameOf(layout, name));
  await host.files.remove(file);
}

/** Without this the kernel would first write all of it to a file that is deleted a moment later. */
function shutDown(host: Host, mountPoint: string): void {
  try {
    host.kernel.fileSystem.shutDownFileSystem(mountPoint);
  } catch (error) {
    // Something else than scratch is mounted there.
    if (!isError(error, "ENOTTY", "EOPNOTSUPP")) throw error;
  }
}
