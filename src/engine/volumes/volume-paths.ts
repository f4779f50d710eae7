/**
 * Where volumes lie in the pool: `web/data` is the volume data of web, `web@before/data` its read-only copy in snapshot before.
 * What ends in `.new` is a broken-off attempt; no name holds a dot or an @.
 */

import { serviceOf } from "../../model/instance.ts";
import type { Layout } from "../../model/layout.ts";
import { isName, type Name } from "../../model/name.ts";

export interface VolumeName {
  readonly isc: Name;
  readonly volume: Name;
}

export interface SnapshotName {
  readonly isc: Name;
  readonly snapshot: Name;
}

export function volumesDirectory(layout: Layout, isc: Name): string {
  return `${layout.volumePool}/${serviceOf(isc)}`;
}

export function volumePath(layout: Layout, { isc, volume }: VolumeName): string {
  return `${volumesDirectory(layout, isc)}/${volume}`;
}

export function snapshotDirectory(layout: Layout, { isc, snapshot }: SnapshotName): string {
  return `${layout.volumePool}/${isc}@${snapshot}`;
}

export function draftOf(path: string): string {
  return `${path}.new`;
}

export interface PoolEntry {
  readonly isc: Name;
  readonly snapshot?: Name;
  readonly isDraft: boolean;
}

/** What a name in the pool's top directory means; undefined for what is not ours. */
export function parsePoolEntry(entry: string): PoolEntry | undefined {
  const isDraft = entry.endsWith(".new");
  const [isc = "", snapshot, ...rest] = (isDraft ? entry.slice(0, -".new".length) : entry).split("@");
  if (!isName(isc) || rest.length > 0) return undefined;
  if (snapshot === undefined) return { isc, isDraft };
  return isName(snapshot) ? { isc, snapshot, isDraft } : undefined;
}
