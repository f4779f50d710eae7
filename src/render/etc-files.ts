/** The small files in /etc that differ from ISC to ISC. The dock binds them, read-only, over those of the image. */
import type { SlotIdentity } from "../model/identity.ts";
import { serviceOf } from "../model/instance.ts";
import type { IscRecord } from "../model/isc.ts";

/** The image has all of them, empty where it had none: a sealed root cannot get new mount points. */
export const etcFileNames = ["machine-id", "hostname", "hosts", "resolv.conf"] as const;
export type EtcFiles = Readonly<Record<(typeof etcFileNames)[number], string>>;

/** A name that the dock has resolved for this ISC: a `connect` to a DNS name, or another ISC. */
export interface KnownHost {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface EtcInput {
  readonly record: Pick<IscRecord, "name" | "machineId">;
  readonly identity: Pick<SlotIdentity, "address" | "address6">;
  readonly hosts: readonly KnownHost[];
  /** Who answers questions for names, and the endings that short ones get; absent for an ISC that asks nobody. */
  readonly resolver?: { readonly addresses: readonly string[]; readonly search: readonly string[] } | undefined;
}

/** As many endings and as long a line as every libc takes; resolv.conf(5). */
const mostEndings = 6;
const longestSearch = 256;

/** resolv.conf is empty but in stacks: an ISC by itself needs no DNS, and may reach none. */
export function renderEtcFiles({ record, identity, hosts, resolver }: EtcInput): EtcFiles {
  const own = serviceOf(record.name);
  const lines = [
    "127.0.0.1 localhost",
    "::1 localhost ip6-localhost ip6-loopback",
    `${identity.address} ${own}`,
    `${identity.address6} ${own}`,
    ...hosts.filter(({ name }) => name !== own).flatMap(({ name, addresses }) => addresses.map((address) => `${address} ${name}`)),
  ];
  return {
    "machine-id": `${record.machineId}\n`,
    hostname: `${own}\n`,
    hosts: [...new Set(lines)].map((line) => `${line}\n`).join(""),
    "resolv.conf": resolver ? renderResolvConf(resolver) : "",
  };
}

function renderResolvConf({ addresses, search }: NonNullable<EtcInput["resolver"]>): string {
  const endings = search.slice(0, mostEndings).filter((_, index, all) => all.slice(0, index + 1).join(" ").length <= longestSearch);
  const lines = [
    ...addresses.map((address) => `nameserver ${address}`),
    ...(endings.length === 0 ? [] : [`search ${endings.join(" ")}`]),
    "options timeout:2 attempts:2",
  ];
  return lines.map((line) => `${line}\n`).join("");
}
