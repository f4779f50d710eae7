/**
 * The flexible write profile: /etc and /var of the sealed root under an overlay whose upper layer lies on scratch.
 *
 * The lower layer is the ISC's idmapped root, so owners already are host ids. The upper layer is the plain scratch directory and keeps
 * host ids on disk: an idmapped upper layer would need the dock itself to be an id of the ISC, since overlayfs makes its work
 * directory as whoever mounts it (EOVERFLOW). Overlay mounts cannot be idmapped themselves.
 */
import { liveMode } from "../../model/layout.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { isMountPoint, unmountFrom } from "../mount-table.ts";
import { encryptedDirectory } from "./scratch-device.ts";

/** The directories that the flexible profile makes writable. */
export const overlayDirectories = ["/etc", "/var"] as const;
export type OverlayDirectory = (typeof overlayDirectories)[number];

/**
 * Mounts the overlay on `layout.live.overlayMount(name, directory)`, nosuid, nodev, noexec. Needs the root mount and scratch.
 * Answers false when the image has no such directory. Safe to repeat. Throws KernelError: EINVAL before Linux 5.19 (idmapped
 * layers), or before 6.9 with fscrypt below.
 */
export async function ensureOverlay(
  { host, layout }: Pick<Engine, "host" | "layout">,
  name: Name,
  directory: OverlayDirectory,
): Promise<boolean> {
  const { mounts, trees } = host.kernel;
  const target = layout.live.overlayMount(name, directory);
  if (isMountPoint(host, target)) return true;
  const lower = trees.findDirectoryInside(layout.live.rootMount(name), directory);
  const owner = lower === undefined ? undefined : host.files.findNow(lower);
  if (lower === undefined || owner === undefined) return false;
  const base = `${layout.live.scratchMount(name)}/${encryptedDirectory}`;
  const layers = { upper: `.overlay${directory}/upper`, work: `.overlay${directory}/work` };
  trees.makeDirectories(base, [
    { path: layers.upper, mode: owner.mode, uid: owner.uid, gid: owner.gid },
    { path: layers.work, mode: 0o700, uid: 0, gid: 0 },
  ]);
  await host.files.makeDirectory(target, liveMode);
  const data = renderOverlayOptions(lower, `${base}/${layers.upper}`, `${base}/${layers.work}`);
  mounts.mount("overlay", target, "overlay", mounts.MS_NOSUID | mounts.MS_NODEV | mounts.MS_NOEXEC | mounts.MS_NOATIME, data);
  return true;
}

/** No feature that would let the upper layer point at other files of the lower one. See the kernel's filesystems/overlayfs. */
export function renderOverlayOptions(lower: string, upper: string, work: string): string {
  const paths = Object.entries({ lowerdir: lower, upperdir: upper, workdir: work });
  // The kernel splits at commas, and lowerdir at colons.
  const options = paths.map(([key, path]) => `${key}=${path.replace(/[\\,:]/g, "\\$&")}`);
  return [...options, "redirect_dir=off", "index=off", "metacopy=off", "xino=off"].join(",");
}

/** Safe to repeat. Throws KernelError. */
export function removeOverlays({ host, layout }: Pick<Engine, "host" | "layout">, name: Name): void {
  for (const directory of overlayDirectories) unmountFrom(host, layout.live.overlayMount(name, directory));
}
