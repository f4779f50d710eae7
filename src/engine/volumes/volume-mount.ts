/** A volume as its ISC sees it: an idmapped nosuid, nodev, noexec mount of the subvolume. */
import { liveMode } from "../../model/layout.ts";
import { type IdMapping, mountIdmapped } from "../idmapped-mount.ts";
import { findMount, isMountPoint, unmountFrom } from "../mount-table.ts";
import { type VolumeName, volumePath } from "./volume-paths.ts";
import type { VolumeEngine } from "./volume-pool.ts";

type Machine = Pick<VolumeEngine, "host" | "layout">;

/** Mounts the volume on `layout.live.volumeMount`; one that a rollback replaced is taken away first. Safe to repeat. Throws KernelError. */
export async function ensureVolumeMount({ host, layout }: Machine, name: VolumeName, mapping: IdMapping): Promise<void> {
  const source = volumePath(layout, name);
  const target = layout.live.volumeMount(name.isc, name.volume);
  if (isMountPoint(host, target)) {
    // Each subvolume has a device number of its own.
    if (host.files.findNow(target)?.device === host.files.findNow(source)?.device) return;
    unmountFrom(host, target);
  }
  await host.files.makeDirectory(target, liveMode);
  await mountIdmapped(host, source, target, mapping);
}

/** Safe to repeat. Throws KernelError. */
export function removeVolumeMount({ host, layout }: Machine, name: VolumeName): void {
  unmountFrom(host, layout.live.volumeMount(name.isc, name.volume));
}

export type VolumeMountState =
  | { readonly mounted: false }
  | {
      readonly mounted: true;
      readonly isCurrent: boolean;
      readonly options: readonly string[];
      readonly limitBytes?: number;
      readonly referencedBytes?: number;
    };

/** Throws KernelError or the error of node:fs. */
export function probeVolumeMount({ host, layout }: Machine, name: VolumeName): VolumeMountState {
  const target = layout.live.volumeMount(name.isc, name.volume);
  const mount = isMountPoint(host, target) ? findMount(host, target) : undefined;
  if (!mount) return { mounted: false };
  const isCurrent = host.files.findNow(target)?.device === host.files.findNow(volumePath(layout, name))?.device;
  const { limitBytes, referencedBytes } = host.kernel.btrfsQuota.readSubvolumeUsage(target) ?? {};
  return {
    mounted: true,
    isCurrent,
    options: mount.options,
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(referencedBytes === undefined ? {} : { referencedBytes }),
  };
}
