/** The model → a blueprint's text, every default written out. Parsing it gives the same model back. */
import { posix } from "node:path";
import { stringify } from "yaml";
import { renderDuration } from "../base/duration.ts";
import { renderSize } from "../base/size.ts";
import type { Blueprint, FileOverlay, Health, ServiceOverride, Source } from "../model/blueprint.ts";
import type { Connection, Exposure, NetworkPolicy } from "../model/network.ts";
import { renderRespond } from "./render-respond.ts";

/** @param directory the folder the text will lie in; sources of files lie below it */
export function renderBlueprint(blueprint: Blueprint, directory: string): string {
  const { network, limits, scratchBytes, volumes, writes, rights, health, cleanse, respond, containment } = blueprint.posture;
  const form = {
    isc: blueprint.isc,
    name: blueprint.name,
    from: sourceForm(blueprint.from),
    services: mapValues(blueprint.services, serviceForm),
    slim: blueprint.slim,
    files: Object.fromEntries(blueprint.files.map((overlay) => [overlay.target, fileForm(overlay, directory)])),
    remove: blueprint.remove,
    network: networkForm(network),
    limits: {
      memory: renderSize(limits.memoryBytes),
      cpu: `${limits.cpuPercent}%`,
      processes: limits.processes,
      "open-files": limits.openFiles,
    },
    scratch: renderSize(scratchBytes),
    volumes: mapValues(volumes, ({ at, sizeBytes, shared }) => ({ at, size: renderSize(sizeBytes), ...(shared ? { shared } : {}) })),
    writes,
    rights: {
      capabilities: rights.capabilities,
      syscalls: rights.syscalls,
      "writable-code": rights.writableCode,
      execute: rights.execute ?? "image",
    },
    ...(health === undefined ? {} : { health: healthForm(health) }),
    ...(cleanse === undefined ? {} : { cleanse: { every: renderDuration(cleanse.everyMs), drain: renderDuration(cleanse.drainMs) } }),
    ...(respond === undefined ? {} : { respond: renderRespond(respond) }),
    containment,
  };
  return stringify(form, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function mapValues<Value, Result>(record: Readonly<Record<string, Value>>, change: (value: Value) => Result): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function sourceForm(source: Source): object {
  switch (source.kind) {
    case "debian":
      return { debian: source.suite, packages: source.packages };
    case "oci":
      return { oci: source.reference };
    case "directory":
      return { directory: source.path };
  }
}

function serviceForm({ workingDirectory, stopSignal, stopTimeoutMs, ...same }: ServiceOverride): object {
  return {
    ...same,
    ...(workingDirectory === undefined ? {} : { "working-directory": workingDirectory }),
    ...(stopSignal === undefined ? {} : { "stop-signal": stopSignal }),
    ...(stopTimeoutMs === undefined ? {} : { "stop-timeout": renderDuration(stopTimeoutMs) }),
  };
}

function fileForm({ target: _target, source, mode, ...same }: FileOverlay, directory: string): object {
  return {
    ...same,
    ...(source === undefined ? {} : { source: `./${posix.relative(directory, source)}` }),
    ...(mode === undefined ? {} : { mode: mode.toString(8).padStart(4, "0") }),
  };
}

function networkForm({ listen, expose, connect }: NetworkPolicy): object {
  return {
    listen: listen.map(({ port, protocol }) => (protocol === "tcp" ? port : `${port}/${protocol}`)),
    expose: Object.fromEntries(expose.map((exposure) => [hostPort(exposure), exposure.port])),
    connect: connect.map((connection) => `${destination(connection)}:${connection.port}${connection.protocol === "udp" ? "/udp" : ""}`),
  };
}

function hostPort({ address, hostPort: port, protocol }: Exposure): string {
  return `${address === undefined ? "" : `${bracketed(address)}:`}${port}${protocol === "udp" ? "/udp" : ""}`;
}

function destination(connection: Connection): string {
  switch (connection.kind) {
    case "address":
      return bracketed(connection.address);
    case "name":
      return connection.host;
    case "isc":
      return `isc:${connection.isc}`;
  }
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function healthForm(health: Health): object {
  const timing = { every: renderDuration(health.everyMs), timeout: renderDuration(health.timeoutMs), failures: health.failures };
  switch (health.kind) {
    case "http":
      return { http: `:${health.port}${health.path}`, ...timing };
    case "tcp":
      return { tcp: `:${health.port}`, ...timing };
    case "command":
      return { command: health.command, ...timing };
  }
}
