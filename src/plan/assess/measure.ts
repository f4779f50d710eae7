/** Facts about a running ISC → one number for each measure, with words. Pure. */
import { type AssessProfile, type MeasureName, measureNames } from "../../model/assessment.ts";
import type { Posture } from "../../model/blueprint.ts";
import type { Finding } from "../../model/finding.ts";
import type { Name } from "../../model/name.ts";
import type { Connection, Exposure } from "../../model/network.ts";
import { counted, listed } from "../checks/answer.ts";
import { programName, type Surface } from "./surface.ts";

export interface AssessFacts {
  readonly isc: Name;
  readonly findings: readonly Finding[];
  readonly posture: Pick<Posture, "network" | "rights" | "writes">;
  /** As they are now, which is not what the blueprint said. */
  readonly exposures: readonly Exposure[];
  readonly surface: Surface;
  /** Allowed by its filter, with conditions or without. */
  readonly systemCalls: number;
  readonly packageCount: number;
  /** Milliseconds since the image was sealed, or came into this store. */
  readonly imageAgeMs: number;
  /** Milliseconds that the instance which serves has been there. */
  readonly aliveMs: number;
}

export interface Measured {
  readonly amount: number;
  readonly evidence: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function measureAll(facts: AssessFacts, profile: AssessProfile): Readonly<Record<MeasureName, Measured>> {
  const all = { ...measureExceptions(facts, profile), ...measureFiles(facts), ...measureNetwork(facts), ...measureTime(facts) };
  return Object.fromEntries(measureNames.map((name) => [name, all[name]])) as Record<MeasureName, Measured>; // Every name is one of all.
}

function measureExceptions({ posture: { rights, writes } }: AssessFacts, { capabilities }: AssessProfile) {
  return {
    "exception.capabilities": {
      amount: rights.capabilities.reduce((sum, name) => sum + (capabilities[name] ?? 1), 0),
      evidence: `declared: ${rights.capabilities.join(", ")}`,
    },
    "exception.syscalls": { amount: rights.syscalls.length, evidence: `declared beyond the profile: ${rights.syscalls.join(", ")}` },
    "exception.writable-code": { amount: Number(rights.writableCode), evidence: "memory may be both writable and executable" },
    "exception.writes": { amount: Number(writes === "flexible"), evidence: "/etc and /var can be written until the next reset" },
  };
}

function measureFiles({ surface, systemCalls, posture }: AssessFacts) {
  const { programs, libraries, setId } = surface;
  const runnable = (names: readonly string[]) => names.filter((name) => mayRun(name, posture.rights));
  const [shells, interpreters] = [runnable(surface.shells), runnable(surface.interpreters)];
  return {
    "surface.programs": { amount: programs, evidence: counted(programs, "program") },
    "surface.setid": { amount: setId.length, evidence: `set-uid or set-gid: ${listed(setId)}` },
    "surface.libraries": { amount: libraries, evidence: counted(libraries, "shared library", "shared libraries") },
    "surface.shells": { amount: shells.length, evidence: `in the image: ${shells.join(", ")}` },
    "surface.interpreters": { amount: interpreters.length, evidence: `in the image: ${interpreters.join(", ")}` },
    "surface.system-calls": { amount: systemCalls, evidence: `${counted(systemCalls, "system call")} allowed` },
  };
}

/** What the exec gate lets nobody run is of no use to an intruder. */
function mayRun(name: string, { execute }: Posture["rights"]): boolean {
  if (execute === undefined || execute === "image") return true;
  return typeof execute !== "string" && execute.some((path) => programName(path) === name);
}

function measureNetwork({ posture: { network }, exposures }: AssessFacts) {
  const open = exposures.filter(({ address }) => address === undefined || !isLoopback(address));
  const wide = network.connect.filter(isWide);
  const ports = (list: readonly { readonly hostPort: number }[]) => list.map(({ hostPort }) => String(hostPort));
  return {
    "surface.ports": { amount: network.listen.length, evidence: `listens on ${listed(network.listen.map(({ port }) => String(port)))}` },
    "surface.public-ports": { amount: open.length, evidence: `reached from other machines at ${listed(ports(open))}` },
    "surface.destinations": { amount: network.connect.length, evidence: `may reach ${listed(network.connect.map(renderConnection))}` },
    "surface.wide-destinations": { amount: wide.length, evidence: `may reach whole networks: ${listed(wide.map(renderConnection))}` },
  };
}

function measureTime({ packageCount, imageAgeMs, aliveMs }: AssessFacts) {
  const [days, hours] = [imageAgeMs / dayMs, aliveMs / hourMs].map((amount) => Math.max(0, amount)) as [number, number];
  return {
    "age.image": { amount: days, evidence: `${counted(packageCount, "package")} as they were ${counted(Math.floor(days), "day")} ago` },
    "exposure.window": { amount: hours, evidence: `the same instance has been there for ${counted(Math.floor(hours), "hour")}` },
  };
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** More than one site's worth of addresses. */
function isWide(connection: Connection): boolean {
  if (connection.kind !== "address") return false;
  const [address = "", length] = connection.address.split("/");
  return length !== undefined && Number(length) < (address.includes(":") ? 64 : 24);
}

function renderConnection(connection: Connection): string {
  const host = { address: () => "address" in connection && connection.address, name: () => "host" in connection && connection.host };
  const words = connection.kind === "isc" ? `isc:${connection.isc}` : host[connection.kind]();
  return `${words}:${connection.port}${connection.protocol === "udp" ? "/udp" : ""}`;
}
