/** The blueprint's `network`: what is listened on, exposed, and connected to. */
import { z } from "zod";
import { isName } from "../model/name.ts";
import type { Connection, Exposure, ListenPort, NetworkPolicy, Protocol } from "../model/network.ts";
import { parseAddress, parsePrefix } from "./ip-address.ts";
import { complain, parsePort, textOrNumber } from "./scalars.ts";

/** As many ports, exposures or destinations one ISC may have. */
export const mostPorts = 256;

export const listenPort = textOrNumber('expected a port from 1 to 65535, such as 80 or "53/udp"', (text): ListenPort | undefined => {
  const [, digits = "", protocol] = /^(\d+)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = parsePort(digits);
  return port === undefined ? undefined : { port, protocol: protocolOf(protocol) };
});

const exposedPort = textOrNumber("expected a port of the ISC from 1 to 65535; its protocol stands at the host port", parsePort);

const hostPortKey = z.string().superRefine((key, context) => {
  const parsed = parseHostPort(key);
  if ("mistake" in parsed) complain(context, parsed.mistake);
});

export const exposeForm = z
  .record(hostPortKey, exposedPort, { error: "expected a mapping of host ports to ports of the ISC, such as { 8080: 80 }" })
  .transform((ports, context): readonly Exposure[] => {
    const exposures = Object.entries(ports).flatMap(([key, port]) => {
      const parsed = parseHostPort(key);
      return "mistake" in parsed ? [] : [{ ...parsed, port }];
    });
    return exposures.length > mostPorts ? complain(context, `expected at most ${mostPorts} ports`) : exposures;
  })
  .prefault({});

const connection = z
  .string({ error: "expected text such as 10.0.0.5:5432" })
  .transform((text, context): Connection => parseConnection(text) ?? complain(context, connectionRule(text)));

export const networkForm = z
  .strictObject({
    listen: z
      .array(listenPort, { error: "expected a list of ports" })
      .max(mostPorts, `expected at most ${mostPorts} ports`)
      .default([])
      .describe('Ports the service listens on. Other ISCs that may connect to it reach these. For example [80, "53/udp"].'),
    expose: exposeForm.describe(
      'Host ports that lead to ports of the ISC: { 8080: 80, "53/udp": 53, "127.0.0.1:8443": 443 }. Exposing a port implies listening on it.',
    ),
    connect: z
      .array(connection, { error: "expected a list such as [10.0.0.5:5432]" })
      .max(mostPorts, `expected at most ${mostPorts} destinations`)
      .default([])
      .describe(
        'What it may connect to, and nothing else: "10.0.0.5:5432", "[fd00::1]:443", "10.0.0.0/8:443", "deb.example.org:443", "isc:db:5432"; /udp at the end for UDP.',
      ),
  })
  .transform(({ listen, expose, connect }, context): NetworkPolicy => {
    complainOfTwins(listen, (entry) => `${entry.port}/${entry.protocol}`, ["listen"], context);
    complainOfTwins(connect, (entry) => JSON.stringify(entry), ["connect"], context);
    complainOfSharedHostPorts(expose, context);
    return { listen: withExposed(listen, expose), expose, connect };
  });

function protocolOf(suffix: string | undefined): Protocol {
  return suffix === "udp" ? "udp" : "tcp";
}

/** A key of `expose`: `[address:]port[/protocol]`, an IPv6 address in brackets. */
function parseHostPort(key: string): Omit<Exposure, "port"> | { readonly mistake: string } {
  const [, bracketed, plain, digits = "", suffix] = /^(?:\[([^\]]+)\]:|([^:[\]]+):)?(\d+)(?:\/(tcp|udp))?$/.exec(key) ?? [];
  const hostPort = parsePort(digits);
  if (hostPort === undefined) return { mistake: 'expected a host port such as 8080, "53/udp" or "127.0.0.1:8080"' };
  const end = { hostPort, protocol: protocolOf(suffix) };
  const given = bracketed ?? plain;
  if (given === undefined) return end;
  const address = parseAddress(given);
  if (address === undefined || address.includes(":") !== (bracketed !== undefined)) {
    return { mistake: "expected an address of this host before the port, such as 127.0.0.1 or [::1]" };
  }
  const isEveryAddress = address === "0.0.0.0" || address === "::";
  return isEveryAddress ? { mistake: "expected the port alone: without an address it answers on all of them" } : { ...end, address };
}

/** `host:port[/protocol]`, where host is an address, a prefix, a DNS name or `isc:NAME`. */
export function parseConnection(text: string): Connection | undefined {
  const [, host = "", digits = "", suffix] = /^(.+):(\d+)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = parsePort(digits);
  if (port === undefined) return undefined;
  const end = { port, protocol: protocolOf(suffix) };
  if (host.startsWith("isc:")) {
    const isc = host.slice("isc:".length);
    return isName(isc) ? { kind: "isc", isc, ...end } : undefined;
  }
  const address = parsePrefix(host.replace(/^\[([^\]]+)\]/, "$1"));
  // An IPv6 address needs its brackets: without them the port could be its last group.
  if (address?.includes(":") && !host.startsWith("[")) return undefined;
  if (address !== undefined) return { kind: "address", address, ...end };
  return isDnsName(host) ? { kind: "name", host: host.toLowerCase(), ...end } : undefined;
}

/** Host names of RFC 1123; one that ends in digits alone would be a mistyped address. */
export function isDnsName(text: string): boolean {
  const labels = text.split(".");
  const isLabel = (label: string) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label);
  return text.length <= 253 && text.toLowerCase() !== "localhost" && labels.every(isLabel) && !/^\d+$/.test(labels.at(-1) ?? "");
}

const connectionExamples = "10.0.0.5:5432, [fd00::1]:443, deb.example.org:443, isc:db:5432 or 10.0.0.1:53/udp";

export function connectionRule(text: string, examples = connectionExamples): string {
  if (/^localhost[:/]/i.test(text)) return "expected another host: inside an ISC, localhost is the ISC itself and always allowed";
  if (/^\d+\.\d+\.\d+\.\d+\/\d+:/.test(text)) return "expected a prefix without host bits and a port, such as 10.0.0.0/8:443";
  return `expected HOST:PORT such as ${examples}`;
}

export function complainOfTwins<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string,
  path: readonly string[],
  context: z.core.$RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const key = keyOf(entry);
    if (seen.has(key)) complain(context, "given twice", [...path, index]);
    seen.add(key);
  }
}

export function complainOfSharedHostPorts(exposures: readonly Exposure[], context: z.core.$RefinementCtx): void {
  for (const [index, exposure] of exposures.entries()) {
    const twin = exposures.slice(0, index).find((other) => overlaps(other, exposure));
    if (twin) complain(context, `host port ${exposure.hostPort}/${exposure.protocol} is exposed twice`, ["expose"]);
  }
}

export function overlaps(one: Exposure, other: Exposure): boolean {
  if (one.hostPort !== other.hostPort || one.protocol !== other.protocol) return false;
  return one.address === undefined || other.address === undefined || one.address === other.address;
}

/** What is exposed is listened on, whether or not the operator repeats it. */
function withExposed(listen: readonly ListenPort[], exposures: readonly Exposure[]): ListenPort[] {
  const all = [...listen];
  for (const { port, protocol } of exposures) {
    if (!all.some((entry) => entry.port === port && entry.protocol === protocol)) all.push({ port, protocol });
  }
  return all;
}
