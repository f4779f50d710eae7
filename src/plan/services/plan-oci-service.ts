/** From an OCI image's configuration to a service (OCI image specification, config.md, and its conversion to a runtime bundle). */
import { Problem } from "../../base/problem.ts";
import type { ServiceOverride } from "../../model/blueprint.ts";
import type { Name } from "../../model/name.ts";
import type { OciImageConfig } from "../../model/oci-image-config.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";
import {
  assembleService,
  chooseIdentity,
  defaultPath,
  homeDirectory,
  knownDirectories,
  loginVariables,
  type WantedIdentity,
} from "./assemble-service.ts";
import type { Environment } from "./environment.ts";
import { type ImageFacts, normalizeImagePath } from "./image-facts.ts";
import { findKnowledge, type Known, parseListen } from "./knowledge.ts";
import type { PlannedService } from "./planned-service.ts";
import { isSealedPlace, ownDirectories, type WantedDirectory } from "./writable-places.ts";

export interface PlanOciServiceOptions {
  readonly name: Name;
  readonly config: OciImageConfig;
  readonly override: ServiceOverride;
  readonly facts: ImageFacts;
  readonly knowledge: readonly ProgramKnowledge[];
}

type ImageSettings = NonNullable<OciImageConfig["config"]>;

/** @throws Problem SERVICE_UNUSABLE, USER_UNKNOWN */
export function planServiceFromOci({ name, config, override, facts, knowledge }: PlanOciServiceOptions): PlannedService {
  const image: Partial<ImageSettings> = config.config ?? {};
  const command = chooseCommand(name, image, override);
  const known = findProgram(knowledge, command);
  const identity = chooseIdentity(facts, readUser(image.User), override, known);
  const workingDirectory = image.WorkingDir || "/";
  const service = assembleService(
    {
      name,
      command,
      prepare: [],
      identity,
      environment: { PATH: defaultPath, ...loginVariables(identity), ...readEnvironment(image.Env ?? []), ...override.environment },
      workingDirectory: normalizeImagePath(workingDirectory) ?? workingDirectory,
      stopSignal: image.StopSignal || known?.entry.stopSignal,
      stopTimeoutMs: undefined,
    },
    override,
  );
  const wanted = [
    ...(override.writable ?? []).map((path) => ({ path: normalizeImagePath(path) ?? path })),
    ...readVolumes(image.Volumes ?? {}),
    ...knownDirectories(known, facts),
    ...homeDirectory(identity, facts),
  ];
  return {
    service,
    writable: ownDirectories(wanted, identity, facts),
    listen: parseListen(image.ExposedPorts === undefined ? (known?.entry.listen ?? []) : Object.keys(image.ExposedPorts)),
    wantedCapabilities: [],
    needs: [],
    notes: known?.entry.note === undefined ? [] : [known.entry.note],
  };
}

function chooseCommand(name: Name, image: Partial<ImageSettings>, override: ServiceOverride): readonly string[] {
  const command = override.command ?? [...(image.Entrypoint ?? []), ...(image.Cmd ?? [])];
  if (command.length === 0 || command[0] === "") {
    throw new Problem("SERVICE_UNUSABLE", `cannot run service ${name}: the OCI image has neither entrypoint nor command`, {
      hint: "give the service a command",
    });
  }
  if (command.some((word) => word.includes("\0")))
    throw new Problem("SERVICE_UNUSABLE", `cannot run service ${name}: its command holds a NUL byte`);
  return command;
}

/** "name", "number", "name:group" or "number:number". */
function readUser(text: string | undefined): WantedIdentity {
  const [user, group] = (text ?? "").split(":");
  return { user: user || undefined, group: group || undefined, lonelyGid: 0 };
}

function readVolumes(volumes: Readonly<Record<string, unknown>>): readonly WantedDirectory[] {
  return Object.keys(volumes).flatMap((text) => {
    const path = normalizeImagePath(text);
    return path === undefined || isSealedPlace(path) ? [] : [{ path }];
  });
}

/** An entrypoint script is often given the program as its first words: docker-entrypoint.sh nginx -g …. */
function findProgram(knowledge: readonly ProgramKnowledge[], command: readonly string[]): Known | undefined {
  const firstOption = command.findIndex((word) => word.startsWith("-"));
  for (const program of command.slice(0, firstOption < 0 ? 3 : Math.min(3, firstOption))) {
    const known = findKnowledge(knowledge, { program });
    if (known) return known;
  }
  return undefined;
}

function readEnvironment(env: readonly string[]): Environment {
  const pairs = env.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)] as const);
  return Object.fromEntries(pairs.filter(([key], index) => key !== "" && env[index]?.includes("=") === true && !env[index].includes("\0")));
}
