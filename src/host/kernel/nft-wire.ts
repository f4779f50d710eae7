/** What nf_tables tells of its changes (linux/netfilter/nf_tables.h): one message for each object, and one that closes a transaction. Pure. */
import { countAttributes, type NetlinkMessage, parseAttributes, textOf } from "./netlink-message.ts";

export type NftKind = "table" | "chain" | "rule" | "set" | "element" | "object" | "flowtable";

export interface NftChange {
  readonly verb: "new" | "gone";
  readonly kind: NftKind;
  /** As nft writes it. */
  readonly family: string;
  readonly table: string;
  /** Of the chain, set or object; of a rule its chain, of an element its set. */
  readonly name?: string;
  readonly count: number;
}

/** The end of a transaction: what came before belongs to it. */
export interface NftGeneration {
  readonly generation: number;
  readonly pid: number;
  readonly program: string;
}

/** NFNLGRP_NFTABLES as a mask of multicast groups. */
export const nftablesGroup = 1 << 6;

const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWGEN = 15;
const NFTA_GEN_ID = 1;
const NFTA_GEN_PROC_PID = 2;
const NFTA_GEN_PROC_NAME = 3;
/** The same attribute for each kind: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and so on. */
const NFTA_TABLE = 1;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;

const verbs = ["new", "gone"] as const;
/** NFT_MSG_NEW…, DEL…, DESTROY… of each kind, and which attribute has the name. */
const kinds: readonly (readonly [NftKind, numbers: readonly number[], name: number | undefined])[] = [
  ["table", [0, 2, 26], undefined],
  ["chain", [3, 5, 27], 3],
  ["rule", [6, 8, 28], 2],
  ["set", [9, 11, 29], 2],
  ["element", [12, 14, 30], 2],
  ["object", [18, 20, 31], 2],
  ["flowtable", [22, 24, 32], 2],
];
const kindOfMessage = new Map(
  kinds.flatMap(([kind, numbers, name]) => numbers.map((number, place) => [number, { kind, verb: verbs[place === 0 ? 0 : 1], name }])),
);
/** NFPROTO_… */
const families: Readonly<Record<number, string>> = { 1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6" };

/** Undefined for what is neither, such as a trace. */
export function parseNftMessage({ type, payload }: NetlinkMessage): NftChange | NftGeneration | undefined {
  if (type >> 8 !== NFNL_SUBSYS_NFTABLES || payload.length < 4) return undefined;
  const number = type & 0xff;
  // struct nfgenmsg: family, version, resource.
  const attributes = parseAttributes(payload.subarray(4));
  if (number === NFT_MSG_NEWGEN) return parseGeneration(attributes);
  const known = kindOfMessage.get(number);
  if (!known) return undefined;
  const { kind, verb = "gone" } = known;
  const name = known.name === undefined ? undefined : attributes.get(known.name);
  const family = payload[0] ?? 0;
  return {
    verb,
    kind,
    family: families[family] ?? String(family),
    table: textOf(attributes.get(NFTA_TABLE) ?? Buffer.alloc(0)),
    ...(name && { name: textOf(name) }),
    count: kind === "element" ? countAttributes(attributes.get(NFTA_SET_ELEM_LIST_ELEMENTS) ?? Buffer.alloc(0)) : 1,
  };
}

function parseGeneration(attributes: ReadonlyMap<number, Buffer>): NftGeneration {
  const numberOf = (type: number) => attributes.get(type)?.readUInt32BE(0) ?? 0;
  return {
    generation: numberOf(NFTA_GEN_ID),
    pid: numberOf(NFTA_GEN_PROC_PID),
    program: textOf(attributes.get(NFTA_GEN_PROC_NAME) ?? Buffer.alloc(0)),
  };
}
