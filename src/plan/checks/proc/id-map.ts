/** Reads /proc/PID/uid_map and gid_map; see user_namespaces(7). Pure. */

export interface IdRange {
  readonly inside: number;
  readonly host: number;
  readonly count: number;
}

/** A line of another shape is left out: then the map is not the one expected. */
export function parseIdMap(text: string): readonly IdRange[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)$/.exec(line);
    return match ? [{ inside: Number(match[1]), host: Number(match[2]), count: Number(match[3]) }] : [];
  });
}

export function renderIdMap(map: readonly IdRange[]): string {
  return map.length === 0 ? "no id" : map.map(({ inside, host, count }) => `${inside} ${host} ${count}`).join(", ");
}
