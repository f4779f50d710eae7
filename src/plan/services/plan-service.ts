/** From a package's systemd unit to a service that runs unprivileged, in the foreground, on a read-only root. */
import type { ServiceOverride } from "../../model/blueprint.ts";
import type { Name } from "../../model/name.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";
import { assembleService, chooseIdentity, defaultPath, homeDirectory, knownDirectories, loginVariables } from "./assemble-service.ts";
import type { CommandLine } from "./command-line.ts";
import { type FoundUnit, findUnit, type UnitFiles, unknownService } from "./find-unit.ts";
import { type ImageFacts, normalizeImagePath } from "./image-facts.ts";
import { editCommand, findKnowledge, type Known, parseListen } from "./knowledge.ts";
import type { Need, PlannedService } from "./planned-service.ts";
import { planPreparation } from "./prepare-steps.ts";
import {
  readCapabilities,
  readEnvironment,
  readIdentity,
  readLines,
  readStartLine,
  readStopTimeout,
  readWorkingDirectory,
} from "./service-section.ts";
import { findSetting } from "./unit-file.ts";
import { expandSpecifiers, parseUnitName } from "./unit-name.ts";
import { listUnitDirectories, listUnitPaths, ownDirectories } from "./writable-places.ts";

export interface PlanServiceOptions {
  readonly name: Name;
  readonly units: UnitFiles;
  readonly override: ServiceOverride;
  readonly facts: ImageFacts;
  readonly knowledge: readonly ProgramKnowledge[];
}

/** @throws Problem SERVICE_UNKNOWN, SERVICE_UNUSABLE, USER_UNKNOWN */
export function planService(options: PlanServiceOptions): PlannedService {
  const { override, facts, knowledge } = options;
  const found = requireUnit(options);
  const directories = listUnitDirectories(found.unit, found.name);
  const given = { ...directories.variables, ...readEnvironment(found, facts), ...override.environment };
  const start = planStart(found, options, given);
  const known = findKnowledge(knowledge, { unit: found.name.full, program: start.command[0] });
  const identity = chooseIdentity(facts, readIdentity(found, facts), override, known);
  const preparation = planPreparation(start.preparation, override.command === undefined ? known : undefined);
  const foreground = planForeground(found, options, known, start.command);
  const paths = listUnitPaths(found.unit, found.name, facts);
  const service = assembleService(
    {
      name: options.name,
      command: foreground.command,
      prepare: preparation.steps,
      identity,
      environment: { PATH: defaultPath, ...loginVariables(identity), ...known?.entry.environment, ...given },
      workingDirectory: readWorkingDirectory(found, identity),
      stopSignal: findSetting(found.unit, "Service", "KillSignal") ?? known?.entry.stopSignal,
      stopTimeoutMs: readStopTimeout(found),
    },
    override,
  );
  const wanted = [
    ...(override.writable ?? []).map((path) => ({ path: normalizeImagePath(path) ?? path })),
    ...directories.directories,
    ...preparation.directories,
    ...knownDirectories(known, facts),
    ...paths.paths.map((path) => ({ path })),
    ...homeDirectory(identity, facts),
  ];
  return {
    service,
    writable: ownDirectories(wanted, identity, facts),
    listen: parseListen(known?.entry.listen ?? []),
    wantedCapabilities: readCapabilities(found),
    needs: [...foreground.needs, ...(preparation.needsShell && override.prepare === undefined ? (["shell"] as const) : [])],
    notes: [
      ...preparation.notes,
      ...foreground.notes,
      ...start.notes,
      ...paths.sealed.map((path) => `${path} stays read-only although ${found.name.full} may write to it`),
      ...(known?.entry.note === undefined ? [] : [known.entry.note]),
    ],
  };
}

/** A service that the blueprint gives a command may go without a unit, but not without one that it names. */
function requireUnit({ name, units, override }: PlanServiceOptions): FoundUnit {
  const found = findUnit(units, override.unit ?? name);
  if (found !== undefined) return found;
  if (override.command === undefined || override.unit !== undefined) throw unknownService(units, override.unit ?? name);
  return { name: parseUnitName(name), unit: { settings: [] } };
}

interface Start {
  readonly command: readonly string[];
  readonly preparation: readonly CommandLine[];
  readonly notes: readonly string[];
}

/** The unit's preparation belongs to the unit's command: a blueprint that replaces one replaces both. */
function planStart(found: FoundUnit, { units, override }: PlanServiceOptions, environment: Readonly<Record<string, string>>): Start {
  if (override.command !== undefined) return { command: override.command, preparation: [], notes: [] };
  const line = readStartLine(found, environment, units);
  const notes = line.wantsPrivileges
    ? [`${found.name.full} wants its command to run with more rights than its user has; it runs without`]
    : [];
  return { command: line.command, preparation: readLines(found, "ExecStartPre", environment), notes };
}

interface Foreground {
  readonly command: readonly string[];
  readonly needs: readonly Need[];
  readonly notes: readonly string[];
}

/** A blueprint's own command is taken word for word: who wrote it knows that process 1 must not go away. */
function planForeground(
  found: FoundUnit,
  { override, facts }: PlanServiceOptions,
  known: Known | undefined,
  original: readonly string[],
): Foreground {
  if (override.command !== undefined) return { command: original, needs: [], notes: [] };
  const command =
    known === undefined ? original : editCommand(known, original, facts.readText).map((word) => expandSpecifiers(word, found.name));
  if (findSetting(found.unit, "Service", "Type") !== "forking" || known?.entry.foreground === true)
    return { command, needs: [], notes: [] };
  const note = `${found.name.full} puts itself into the background: s6-fghack waits for it, but cannot hand it the stop signal; better give a command that stays in the foreground`;
  return { command: ["/usr/bin/s6-fghack", ...command], needs: ["s6"], notes: [note] };
}
