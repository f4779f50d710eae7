/** How an ISC runs, in words: every setting, those that are defaults too. */
import { renderDuration } from "../../base/duration.ts";
import { renderSize } from "../../base/size.ts";
import type { Health, Posture } from "../../model/blueprint.ts";
import type { Manifest } from "../../model/image.ts";
import type { Connection } from "../../model/network.ts";
import { renderPrintable } from "./printable.ts";
import { renderExposure } from "./words.ts";

type Fact = readonly [string, string];

export function postureFacts({
  network,
  limits,
  scratchBytes,
  volumes,
  writes,
  rights,
  health,
  cleanse,
  respond,
  containment,
}: Posture): Fact[] {
  const { memoryBytes, cpuPercent, processes, openFiles } = limits;
  const ports = network.listen.map(({ port, protocol }) => `${port}/${protocol}`);
  const volume = Object.entries(volumes).map(
    ([name, { at, sizeBytes, shared }]) => `${name} at ${at}, ${renderSize(sizeBytes)}${shared ? ", shared" : ""}`,
  );
  return [
    ["listens", orNothing(ports)],
    ["expose", orNothing(network.expose.map(renderExposure))],
    ["connects", orNothing(network.connect.map(renderConnection))],
    ["limits", `memory ${renderSize(memoryBytes)}, cpu ${cpuPercent}%, ${processes} processes, ${openFiles} open files`],
    ["scratch", renderSize(scratchBytes)],
    ["volumes", orNothing(volume)],
    ["writes", writes],
    ["rights", renderRights(rights)],
    ["health", health === undefined ? "not asked" : renderHealth(health)],
    [
      "cleanse",
      cleanse === undefined ? "when asked" : `every ${renderDuration(cleanse.everyMs)}, drain ${renderDuration(cleanse.drainMs)}`,
    ],
    ["respond", respond === undefined ? "as the dock" : renderRespond(respond)],
    ["containment", containment],
  ];
}

export function servicesOf({ services }: Manifest): string {
  return services.map(({ name, command, uid }) => `${name} (uid ${uid}): ${renderPrintable(command.join(" "))}`).join("; ");
}

export function sourceOf({ from }: Manifest): string {
  if (from.kind === "debian") return `debian ${from.suite}: ${from.packages.join(" ")}`;
  return from.kind === "oci" ? renderPrintable(from.reference) : `directory ${renderPrintable(from.path)}`;
}

function orNothing(words: readonly string[]): string {
  return words.length === 0 ? "nothing" : words.join(", ");
}

function renderConnection(connection: Connection): string {
  const protocol = connection.protocol === "udp" ? "/udp" : "";
  const target =
    connection.kind === "address" ? connection.address : connection.kind === "name" ? connection.host : `isc:${connection.isc}`;
  return `${renderPrintable(target)}:${connection.port}${protocol}`;
}

function renderRespond({ mode, rules, ladder = {} }: NonNullable<Posture["respond"]>): string {
  const when = ({ event, sensor, severity, rows }: (typeof rules)[number]) =>
    [...(rows ?? [event ?? sensor]), severity].filter(Boolean).join(" ");
  const words = rules.map((rule) => `${when(rule)}: ${rule.action}`);
  const budgets = Object.entries(ladder).map(([action, { times, perMs }]) => `${action} at most ${times} in ${renderDuration(perMs)}`);
  return [...(mode === undefined ? [] : [mode]), ...words, ...budgets].map(renderPrintable).join("; ") || "as the dock";
}

function renderRights({ capabilities, syscalls, writableCode, execute = "image" }: Posture["rights"]): string {
  const calls = syscalls.length === 0 ? "default system calls" : `default system calls and ${syscalls.join(" ")}`;
  const granted = capabilities.length === 0 ? "no capabilities" : capabilities.join(" ");
  return [granted, calls, ...(writableCode ? ["writable code allowed"] : []), `runs ${renderExecute(execute)}`].join(", ");
}

function renderExecute(execute: NonNullable<Posture["rights"]["execute"]>): string {
  if (execute === "image") return "programs of its image alone";
  const services = "what its services need alone";
  return execute === "services" ? services : `${services} and ${execute.map(renderPrintable).join(" ")}`;
}

function renderHealth(health: Health): string {
  const every = `every ${renderDuration(health.everyMs)}`;
  if (health.kind === "http") return `http :${health.port}${renderPrintable(health.path)} ${every}`;
  return health.kind === "tcp" ? `tcp :${health.port} ${every}` : `${renderPrintable(health.command.join(" "))} ${every}`;
}
