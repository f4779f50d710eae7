/** Scratch and volumes of a running ISC: where they are mounted, how large they may grow, by what they are encrypted. */
import type { Manifest } from "../../model/image.ts";
import type { Name } from "../../model/name.ts";
import type { MountFacts, PlaceFacts, ScratchFacts, Seen, SpaceFacts } from "../../plan/checks/facts.ts";
import { findVisibleMount, sourceOf } from "../../plan/checks/mount-view.ts";
import type { Engine } from "../engine.ts";
import { overlayDirectories } from "../parts/scratch-overlay.ts";
import { placesOnScratch } from "../parts/scratch-places.ts";
import { lookLong, orUndefined } from "./look.ts";
import { findMountOn } from "./mount-facts.ts";

export interface ScratchQuestion {
  readonly name: Name;
  readonly pid: number;
  readonly manifest: Manifest;
  /** Of the dock's own mount namespace, and of process 1. */
  readonly dockMounts: readonly MountFacts[];
  readonly mounts: readonly MountFacts[];
  /** A gVisor sandbox: its places are seen where the dock has them. */
  readonly isSandbox: boolean;
}

type Machine = Pick<Engine, "host" | "layout">;

export async function readScratch(engine: Machine, question: ScratchQuestion): Promise<ScratchFacts> {
  const { host, layout } = engine;
  const mount = findMountOn(question.dockMounts, layout.live.scratchMount(question.name));
  const uuid = mount && orUndefined(() => host.files.findTextNow(`/sys/dev/block/${mount.device}/dm/uuid`))?.trim();
  return {
    device: mount?.device,
    cryptUuid: uuid?.startsWith("CRYPT-") ? uuid : undefined,
    places: listPlaces(engine, question),
    space: await lookLong(() => readSpace(engine, question)),
  };
}

function listPlaces({ host, layout }: Machine, question: ScratchQuestion): readonly PlaceFacts[] {
  const { name, manifest, dockMounts, mounts, pid, isSandbox } = question;
  const place = (path: string, on: PlaceFacts["on"], volumeSource?: string): PlaceFacts => {
    // A place is a mount point of the sealed root, so nothing inside can make its path lead elsewhere.
    const seenAt = isSandbox ? `${layout.live.placesMount(name)}${path}` : `/proc/${pid}/root${path}`;
    const policy = on === "scratch" ? orUndefined(() => host.kernel.fscrypt.readEncryptionPolicy(seenAt)) : undefined;
    return {
      path,
      on,
      mount: findVisibleMount(mounts, path),
      volumeSource,
      keyIdentifier: policy?.version === 2 ? policy.keyIdentifier : undefined,
    };
  };
  const volumes = listVolumes(manifest);
  return [
    ...placesOnScratch(manifest.places, Object.fromEntries(volumes.map((volume) => [volume.name, volume]))).map(({ path }) =>
      place(trim(path), "scratch"),
    ),
    ...(manifest.posture.writes === "flexible" ? overlayDirectories : [])
      .filter((directory) => findMountOn(dockMounts, layout.live.overlayMount(name, directory)))
      .map((directory) => place(directory, "overlay")),
    ...volumes.map((volume) => {
      const mount = findMountOn(dockMounts, layout.live.volumeMount(name, volume.name));
      return place(trim(volume.at), "volume", mount && sourceOf(mount));
    }),
  ];
}

interface Volume {
  readonly name: Name;
  readonly at: string;
  readonly sizeBytes: number;
}

/** The profile `strict` has no volumes: their places lie on scratch like all others. */
function listVolumes({ posture }: Manifest): readonly Volume[] {
  if (posture.writes === "strict") return [];
  // The record's keys were parsed as names; Object.entries forgets it.
  return Object.entries(posture.volumes).map(([name, volume]) => ({ name: name as Name, ...volume }));
}

async function readSpace({ host, layout }: Machine, { name, manifest }: ScratchQuestion): Promise<readonly SpaceFacts[]> {
  const mountPoint = layout.live.scratchMount(name);
  const { totalBytes } = await host.files.statFileSystem(mountPoint);
  return [
    { what: `scratch (statfs of ${mountPoint})`, limitBytes: totalBytes, declaredBytes: manifest.posture.scratchBytes },
    ...listVolumes(manifest).map((volume) => {
      const usage = host.kernel.btrfsQuota.readSubvolumeUsage(layout.live.volumeMount(name, volume.name));
      return { what: `volume ${volume.name} (btrfs quota)`, limitBytes: usage?.limitBytes, declaredBytes: volume.sizeBytes };
    }),
  ];
}

/** Image paths of directories may end in a slash. */
function trim(path: string): string {
  return path.replace(/\/$/, "");
}

/** Every key that an ISC's places are encrypted with. */
export function keysOf(scratch: Seen<ScratchFacts>): readonly string[] {
  if ("unseen" in scratch) return [];
  return [...new Set(scratch.seen.places.map(({ keyIdentifier }) => keyIdentifier).filter((key) => key !== undefined))];
}
