/** The end of planning, the same for units and OCI images: names become numbers, and the blueprint has the last word. */
import { Problem } from "../../base/problem.ts";
import { ImagePath, type ServiceOverride } from "../../model/blueprint.ts";
import type { Service } from "../../model/image.ts";
import type { Name } from "../../model/name.ts";
import { type Identity, resolveIdentity } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { Known } from "./knowledge.ts";
import { parseSignal } from "./stop-signal.ts";
import { isSealedPlace, type WantedDirectory } from "./writable-places.ts";

export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** What docker stop and podman stop wait, too. */
const defaultStopTimeoutMs = 10_000;
/** For units that would wait for ever: systemd's own default, DefaultTimeoutStopSec=. */
const longestDefaultStopMs = 90_000;

export interface WantedIdentity {
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly extraGroups?: readonly string[];
  /** Group of a number without an account; default the number itself. */
  readonly lonelyGid?: number;
}

/** The blueprint's user, else the unit's or image's, else the one the program is known to run as, else root: of its own user namespace, without capabilities. */
export function chooseIdentity(facts: ImageFacts, wanted: WantedIdentity, override: ServiceOverride, known: Known | undefined): Identity {
  if (override.user !== undefined) return resolveIdentity(facts, { user: override.user, group: override.group }, wanted.lonelyGid);
  const isRoot = wanted.user === undefined || resolveIdentity(facts, { user: wanted.user }, wanted.lonelyGid).uid === 0;
  const usual = isRoot
    ? known?.entry.users?.find((name) => facts.passwd.split("\n").some((line) => line.startsWith(`${name}:`)))
    : undefined;
  const group = override.group ?? (usual === undefined ? wanted.group : undefined);
  return resolveIdentity(facts, { user: usual ?? wanted.user ?? "0", group, extraGroups: wanted.extraGroups ?? [] }, wanted.lonelyGid);
}

export interface ServiceParts {
  readonly name: Name;
  readonly command: readonly string[];
  readonly prepare: readonly (readonly string[])[];
  readonly identity: Identity;
  readonly environment: Environment;
  readonly workingDirectory: string;
  readonly stopSignal: string | undefined;
  readonly stopTimeoutMs: number | undefined;
}

export function assembleService(parts: ServiceParts, override: ServiceOverride): Service {
  const { name, identity } = parts;
  const wantedSignal = override.stopSignal ?? parts.stopSignal ?? "SIGTERM";
  const stopSignal = parseSignal(wantedSignal);
  if (stopSignal === undefined)
    throw new Problem("SERVICE_UNUSABLE", `cannot stop service ${name} by ${wantedSignal}: there is no such signal`);
  const workingDirectory = override.workingDirectory ?? parts.workingDirectory;
  if (!ImagePath.safeParse(workingDirectory).success) {
    throw new Problem("SERVICE_UNUSABLE", `cannot start service ${name} in ${workingDirectory}: it is no absolute path inside the image`);
  }
  return {
    name,
    command: parts.command,
    prepare: override.prepare ?? parts.prepare,
    uid: identity.uid,
    gid: identity.gid,
    groups: identity.groups,
    environment: { ...parts.environment },
    workingDirectory,
    stopSignal,
    stopTimeoutMs: override.stopTimeoutMs ?? chooseStopTimeout(parts.stopTimeoutMs),
  };
}

/** Known directories count where the image has them, or where scratch always lies. */
export function knownDirectories(known: Known | undefined, facts: ImageFacts): readonly WantedDirectory[] {
  return (known?.entry.writable ?? [])
    .map(({ path, mode }) => ({ path: known?.fill(path) ?? path, mode: Number.parseInt(mode, 8) }))
    .filter(({ path }) => /^\/(?:run|tmp|var\/log|var\/tmp)(?:\/|$)/.test(path) || facts.find(path)?.kind === "directory");
}

/** A home below /var is where packages keep a service's state: /var/lib/postgresql, /var/lib/prometheus. */
export function homeDirectory(identity: Identity, facts: ImageFacts): readonly WantedDirectory[] {
  const { home } = identity;
  if (home === undefined || !home.startsWith("/var/") || isSealedPlace(home) || identity.uid === 0) return [];
  const found = facts.find(home);
  return found?.kind === "directory" && found.uid === identity.uid ? [{ path: home }] : [];
}

/** What systemd sets for a service with User=. */
export function loginVariables(identity: Identity): Environment {
  const { name, home } = identity;
  return name === undefined || identity.uid === 0 ? {} : { USER: name, LOGNAME: name, HOME: home ?? "/" };
}

function chooseStopTimeout(wantedMs: number | undefined): number {
  if (wantedMs === undefined) return defaultStopTimeoutMs;
  // TimeoutStopSec=0 means no limit (systemd.service(5)).
  return wantedMs === 0 || wantedMs === Number.POSITIVE_INFINITY ? longestDefaultStopMs : wantedMs;
}
