/** Which directories a unit may write to (systemd.exec(5): RuntimeDirectory= and its kin, ReadWritePaths=; PIDFile=). */
import type { PlaceDirectory } from "../../model/image.ts";
import { type ImageFacts, normalizeImagePath } from "./image-facts.ts";
import { findSetting, listSettings, type Unit } from "./unit-file.ts";
import { expandSpecifiers, type UnitName } from "./unit-name.ts";
import { wordsOf } from "./unit-words.ts";

export interface WantedDirectory {
  readonly path: string;
  /** Undefined: as in the image, else 0755. */
  readonly mode?: number;
}

/** Setting, base directory, variable that systemd sets to the paths. */
const kinds = [
  ["RuntimeDirectory", "/run", "RUNTIME_DIRECTORY"],
  ["StateDirectory", "/var/lib", "STATE_DIRECTORY"],
  ["CacheDirectory", "/var/cache", "CACHE_DIRECTORY"],
  ["LogsDirectory", "/var/log", "LOGS_DIRECTORY"],
] as const;

/** A service that could change its programs or configuration would not be immutable, whatever its unit says. */
const sealedPlaces = /^\/(?:etc|usr|bin|sbin|lib|lib32|lib64|libx32|boot|proc|sys|dev|root|\.isc)(?:\/|$)/;

export function isSealedPlace(path: string): boolean {
  return path === "/" || sealedPlaces.test(path);
}

export function listUnitDirectories(
  unit: Unit,
  name: UnitName,
): { readonly directories: readonly WantedDirectory[]; readonly variables: Record<string, string> } {
  const variables: Record<string, string> = {};
  const directories = kinds.flatMap(([setting, base, variable]) => {
    const mode = parseMode(findSetting(unit, "Service", `${setting}Mode`));
    // "foo:bar" asks for a symlink besides (systemd 251); the directory itself is what counts.
    const relative = settingWords(unit, name, setting).map((word) => word.split(":")[0] ?? "");
    const paths = relative
      .map((path) => normalizeImagePath(`${base}/${path}`))
      .filter((path) => path !== undefined && path !== base) as string[];
    if (paths.length > 0) variables[variable] = paths.join(":");
    return paths.map((path) => ({ path, mode }));
  });
  return { directories, variables };
}

/** ReadWritePaths= and the PID file's directory. `sealed` holds what was asked for but stays read-only. */
export function listUnitPaths(
  unit: Unit,
  name: UnitName,
  facts: ImageFacts,
): { readonly paths: readonly string[]; readonly sealed: readonly string[] } {
  const declared = settingWords(unit, name, "ReadWritePaths", "ReadWriteDirectories").flatMap((word) => {
    const path = normalizeImagePath(word.replace(/^[-+]+/, ""));
    const file = path === undefined ? undefined : facts.find(path);
    return path === undefined || file?.kind === "file" || (word.startsWith("-") && file === undefined) ? [] : [path];
  });
  const pidFile = normalizeImagePath(expandSpecifiers(findSetting(unit, "Service", "PIDFile") ?? "", name));
  const pidDirectory = pidFile === undefined ? [] : [pidFile.slice(0, Math.max(1, pidFile.lastIndexOf("/")))];
  const all = [...declared, ...pidDirectory];
  return { paths: all.filter((path) => !isSealedPlace(path)), sealed: declared.filter((path) => path !== "/" && isSealedPlace(path)) };
}

/** One entry for each path, the first mode that was asked for, all owned by the service's user: it has no rights beyond the owner's. */
export function ownDirectories(
  wanted: readonly WantedDirectory[],
  owner: { readonly uid: number; readonly gid: number },
  facts: ImageFacts,
): readonly PlaceDirectory[] {
  const byPath = new Map<string, PlaceDirectory>();
  for (const { path, mode } of wanted) {
    if (byPath.has(path)) continue;
    const found = facts.find(path);
    const fromImage = found?.kind === "directory" ? found.mode & 0o777 : 0o755;
    byPath.set(path, { path, mode: ((mode ?? fromImage) & 0o777) | 0o700, uid: owner.uid, gid: owner.gid });
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function settingWords(unit: Unit, name: UnitName, ...keys: readonly string[]): readonly string[] {
  return listSettings(unit, "Service", ...keys)
    .flatMap(wordsOf)
    .map((word) => expandSpecifiers(word, name));
}

export function parseMode(text: string | undefined): number {
  return text !== undefined && /^[0-7]{3,4}$/.test(text) ? Number.parseInt(text, 8) : 0o755;
}
