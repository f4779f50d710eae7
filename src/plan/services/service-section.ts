/** Reads what a [Service] section says (systemd.service(5), systemd.exec(5), systemd.kill(5)). */
import { Problem } from "../../base/problem.ts";
import { findUser, type Identity } from "./accounts.ts";
import type { WantedIdentity } from "./assemble-service.ts";
import { type CommandLine, expandCommandLine } from "./command-line.ts";
import { type Environment, parseEnvironmentFile, parseEnvironmentWords } from "./environment.ts";
import type { FoundUnit, UnitFiles } from "./find-unit.ts";
import { type ImageFacts, normalizeImagePath } from "./image-facts.ts";
import { parseTimeSpan } from "./time-span.ts";
import { findSetting, isTrue, listSettings } from "./unit-file.ts";
import { expandSpecifiers } from "./unit-name.ts";
import { wordsOf } from "./unit-words.ts";

/** First of the range that systemd takes for DynamicUser= (systemd docs/UIDS-GIDS.md). */
const dynamicId = "61184";
const runningTypes = ["simple", "exec", "notify", "notify-reload", "idle", "dbus"];

/** Environment= first, then the files: what a file says wins (systemd.exec(5)). */
export function readEnvironment({ unit, name }: FoundUnit, facts: ImageFacts): Environment {
  const words = listSettings(unit, "Service", "Environment").map((value) => parseEnvironmentWords(expandSpecifiers(value, name)));
  const files = listSettings(unit, "Service", "EnvironmentFile").map((value) => {
    const path = expandSpecifiers(value, name);
    const text = facts.readText(path.replace(/^-/, ""));
    if (text === undefined && !path.startsWith("-")) {
      throw new Problem("SERVICE_UNUSABLE", `cannot run ${name.full}: its EnvironmentFile=${path} is not in the image`);
    }
    return parseEnvironmentFile(text ?? "");
  });
  const merged: Record<string, string> = Object.assign({}, ...words, ...files);
  for (const word of listSettings(unit, "Service", "UnsetEnvironment").flatMap(wordsOf)) delete merged[word];
  return merged;
}

export function readLines({ unit, name }: FoundUnit, key: string, environment: Environment): readonly CommandLine[] {
  return listSettings(unit, "Service", key).flatMap((line) => expandCommandLine(line, name, environment));
}

export function readStartLine(found: FoundUnit, environment: Environment, units: UnitFiles): CommandLine {
  const lines = readLines(found, "ExecStart", environment);
  const type = findSetting(found.unit, "Service", "Type") ?? "simple";
  const refuse = (reason: string, hint: string) => new Problem("SERVICE_UNUSABLE", `cannot run ${found.name.full}: ${reason}`, { hint });
  if (type === "oneshot") throw refuse("it is a oneshot, which ends instead of serving", hintForTemplate(found, units));
  if (type !== "forking" && !runningTypes.includes(type)) throw refuse(`iscadm does not know Type=${type}`, "give the service a command");
  const [line, ...more] = lines;
  if (line === undefined) throw refuse("it has no ExecStart=", "give the service a command");
  if (more.length > 0) throw refuse("it has several ExecStart= lines", "give the service one command");
  return line;
}

function hintForTemplate(found: FoundUnit, units: UnitFiles): string {
  const template = `${found.name.prefix}@.service`;
  return Object.hasOwn(units, template)
    ? `name an instance of ${template}, as in unit: ${found.name.prefix}@NAME`
    : "give the service a command";
}

export function readIdentity({ unit, name }: FoundUnit, facts: ImageFacts): WantedIdentity {
  const read = (key: string) => {
    const value = findSetting(unit, "Service", key);
    return value === undefined ? undefined : expandSpecifiers(value, name);
  };
  const user = read("User");
  const isDynamic = isTrue(read("DynamicUser")) && (user === undefined || findUser(facts, user) === undefined);
  const extraGroups = listSettings(unit, "Service", "SupplementaryGroups")
    .flatMap(wordsOf)
    .map((word) => expandSpecifiers(word, name));
  return isDynamic ? { user: dynamicId, group: dynamicId, extraGroups } : { user, group: read("Group"), extraGroups };
}

export function readWorkingDirectory({ unit, name }: FoundUnit, identity: Identity): string {
  const value = expandSpecifiers(findSetting(unit, "Service", "WorkingDirectory") ?? "/", name).replace(/^-/, "");
  return value === "~" ? (identity.home ?? "/") : (normalizeImagePath(value) ?? value);
}

export function readStopTimeout({ unit }: FoundUnit): number | undefined {
  const text = findSetting(unit, "Service", "TimeoutStopSec") ?? findSetting(unit, "Service", "TimeoutSec");
  return text === undefined ? undefined : parseTimeSpan(text);
}

/** A bounding set that begins with "~" takes away from all of them and says nothing about what is needed. */
export function readCapabilities({ unit }: FoundUnit): readonly string[] {
  const values = ["AmbientCapabilities", "CapabilityBoundingSet"].flatMap((key) => listSettings(unit, "Service", key));
  const words = values.filter((value) => !value.startsWith("~")).flatMap(wordsOf);
  return [...new Set(words.map((word) => word.toUpperCase()).filter((word) => /^CAP_[A-Z_]+$/.test(word)))].sort();
}
