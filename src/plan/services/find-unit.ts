/** Finds a service's unit among the image's unit files: by name, template or alias, with its drop-ins. */
import { closest } from "../../base/edit-distance.ts";
import { Problem } from "../../base/problem.ts";
import { listSettings, mergeUnits, parseUnit, type Unit } from "./unit-file.ts";
import { parseUnitName, type UnitName } from "./unit-name.ts";
import { wordsOf } from "./unit-words.ts";

/** Texts by file name: "nginx.service", "postgresql@.service", and drop-ins as "nginx.service.d/10-local.conf". */
export type UnitFiles = Readonly<Record<string, string>>;

export interface FoundUnit {
  readonly name: UnitName;
  readonly unit: Unit;
}

/** @param wanted a unit's name, ".service" may be absent */
export function findUnit(files: UnitFiles, wanted: string): FoundUnit | undefined {
  const name = parseUnitName(wanted);
  const fileName =
    [name.full, name.template].find((candidate) => candidate !== undefined && Object.hasOwn(files, candidate)) ??
    findAlias(files, name.full);
  if (fileName === undefined) return undefined;
  const directories = [
    ...new Set(["service.d", ...(name.template === undefined ? [] : [`${name.template}.d`]), `${fileName}.d`, `${name.full}.d`]),
  ];
  const texts = [files[fileName] ?? "", ...directories.flatMap((directory) => dropIns(files, directory))];
  return { name: fileName === name.template ? name : parseUnitName(fileName), unit: mergeUnits(texts.map(parseUnit)) };
}

export function unknownService(files: UnitFiles, wanted: string): Problem {
  const known = Object.keys(files)
    .filter((file) => file.endsWith(".service") && !file.includes("/"))
    .sort();
  const meant = closest(parseUnitName(wanted).full, known);
  return new Problem("SERVICE_UNKNOWN", `cannot find a systemd unit for service ${wanted} in the image`, {
    hint: meant === undefined ? "give the service a command, or name its unit" : `did you mean unit: ${meant}?`,
    details: known.slice(0, 40).map((file) => `the image has ${file}`),
  });
}

function findAlias(files: UnitFiles, fullName: string): string | undefined {
  return Object.keys(files)
    .sort()
    .find((file) => !file.includes("/") && file.endsWith(".service") && aliasesOf(files[file] ?? "").includes(fullName));
}

function aliasesOf(text: string): readonly string[] {
  if (!text.includes("Alias")) return [];
  return listSettings(parseUnit(text), "Install", "Alias").flatMap(wordsOf);
}

function dropIns(files: UnitFiles, directory: string): readonly string[] {
  return Object.keys(files)
    .filter((file) => file.startsWith(`${directory}/`) && file.endsWith(".conf"))
    .sort()
    .map((file) => files[file] ?? "");
}
