/** Name resolution with the time that each address holds: /etc/hosts, then DNS, then whatever else nsswitch.conf(5) knows. */
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { resolveName } from "./resolve-name.ts";

export interface TimedAddress {
  readonly address: string;
  readonly ttlSeconds: number;
}

export type ResolvedName =
  | { readonly kind: "found"; readonly addresses: readonly TimedAddress[] }
  /** There is no such name, or it has no address. */
  | { readonly kind: "none" }
  /** Nobody could say. */
  | { readonly kind: "failed" };

export interface NameSources {
  readonly hostsFile: string;
  /** "ADDRESS" or "ADDRESS:PORT"; those of resolv.conf(5) when absent. */
  readonly servers?: readonly string[];
  /** getaddrinfo(3). */
  readonly others: (name: string) => Promise<readonly string[]>;
}

/** Where nobody says how long an address holds. */
const untimedSeconds = 30;
const serverTimeoutMs = 1_500;
const serverTries = 2;

const localSources: NameSources = { hostsFile: "/etc/hosts", others: resolveName };

/** `name` in lower case, without a dot at its end. */
export async function resolveNameTtl(name: string, sources: NameSources = localSources): Promise<ResolvedName> {
  const fixed = addressesInHosts(await readFile(sources.hostsFile, "utf8").catch(() => ""), name);
  if (fixed.length > 0) return untimed(fixed);
  const asked = await askServers(name, sources.servers);
  if (asked.kind === "found") return asked;
  const others = await sources.others(name);
  return others.length > 0 ? untimed(others) : asked;
}

/** Addresses of a name in hosts(5). */
export function addressesInHosts(text: string, name: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    return names.some((one) => one.toLowerCase() === name) ? [address] : [];
  });
}

async function askServers(name: string, servers: readonly string[] | undefined): Promise<ResolvedName> {
  // A new one each time: it reads resolv.conf(5) when it is made.
  const resolver = new Resolver({ timeout: serverTimeoutMs, tries: serverTries });
  if (servers) resolver.setServers(servers);
  const answers = await Promise.allSettled([resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]);
  const records = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (records.length > 0) return { kind: "found", addresses: records.map(({ address, ttl }) => ({ address, ttlSeconds: ttl })) };
  return answers.every((answer) => answer.status === "fulfilled" || isEmptyAnswer(answer.reason)) ? { kind: "none" } : { kind: "failed" };
}

function isEmptyAnswer(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTFOUND" || error.code === "ENODATA");
}

function untimed(addresses: readonly string[]): ResolvedName {
  return { kind: "found", addresses: addresses.map((address) => ({ address, ttlSeconds: untimedSeconds })) };
}
