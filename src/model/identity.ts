/** What follows from a slot: an ISC's addresses, uid range and names on the host. Pure, so that nothing of it can drift. */
import type { Name } from "./name.ts";
import type { NetworkRange } from "./stack.ts";
import { gatewayOf, instanceAddress } from "./stack-address.ts";

/** One dock's share of the host, worked out once from its settings. */
export interface DockIdentity {
  /** Four hexadecimal digits that set this dock's names apart from other docks' on the host. */
  readonly tag: string;
  /** First address of ISC_NET as a number, and its prefix length (8 to 20). */
  readonly networkBase: number;
  readonly prefixLength: number;
  /** First 64 bits of the dock's unique local IPv6 prefix, as four groups, e.g. "fd3a:1b2c:0:1". */
  readonly prefix6: string;
  /** First host uid of this dock's 4,096 ranges: the block that its network suggests, until the dock has claimed one (dock/uid-block.ts). */
  readonly uidBase: number;
}

/** One of an ISC's links: both ends, and the addresses that are the ISC's there. */
export interface InterfaceIdentity {
  /** Absent on the dock's own network. */
  readonly network?: Name;
  /** The host's end; at most 15 characters. */
  readonly link: string;
  /** The ISC's end: eth0, eth1, … */
  readonly inside: string;
  readonly address: string;
  readonly address6: string;
  /** The host's address on it. */
  readonly gateway: string;
  readonly gateway6: string;
  readonly mac: string;
  readonly hostMac: string;
  readonly mtu?: number;
  /** What is on none of its networks goes this way. */
  readonly isWayOut: boolean;
}

/** Address, gateway and link are those of its first interface. */
export interface SlotIdentity {
  readonly address: string;
  readonly address6: string;
  /** The host's address, and the ISC's gateway. */
  readonly gateway: string;
  readonly gateway6: string;
  readonly uidBase: number;
  readonly uidCount: 65_536;
  /** The audit login id (audit_setloginuid(3)) that all its processes have. */
  readonly loginUid: number;
  /** Name of the host side of its veth pair; at most 15 characters. */
  readonly link: string;
  readonly interfaces: readonly [InterfaceIdentity, ...(readonly InterfaceIdentity[])];
}

const uidRangeSize = 65_536;
export const slotsPerDock = 4_093;
/** That of the resolver: no ISC gets it. */
export const resolverSlot = 4_094;
/** Above every range that systemd-nspawn, adduser, podman and subuid hand out (systemd docs/UIDS-GIDS.md). */
const firstUid = 0x7000_0000;
/** With those of slot 0 and of the one after the last. */
const uidRangesPerDock = 4_096;
const uidsPerBlock = uidRangesPerDock * uidRangeSize;
/** As many docks can run side by side on one host. */
export const uidBlocks = 8;

/** The last possible one, 0xffffffff, means "no login" and belongs to no slot. */
const firstLoginUid = 0xf000_0000;

/** Link-local address that the host side of every veth answers on: an ISC's IPv6 gateway. */
const gateway6 = "fe80::1";

/** @param networks of the stack that it is part of; none for one by itself, which is on the dock's own network */
export function identityOfSlot(dock: DockIdentity, slot: number, networks: readonly NetworkRange[] = []): SlotIdentity {
  const [first, ...others] = networks;
  const wayOut = networks.find(({ uplink }) => uplink !== undefined) ?? first;
  const main = first ? interfaceOf(dock, slot, { index: 0, range: first, wayOut }) : ownInterface(dock, slot);
  const { address, address6, gateway, link } = main;
  return {
    address,
    address6,
    gateway,
    gateway6,
    uidBase: dock.uidBase + slot * uidRangeSize,
    uidCount: uidRangeSize,
    loginUid: loginUidBase(dock) + slot,
    link,
    interfaces: [main, ...others.map((range, index) => interfaceOf(dock, slot, { index: index + 1, range, wayOut }))],
  };
}

function ownInterface(dock: DockIdentity, slot: number): InterfaceIdentity {
  return {
    ...endsOf(dock, slot, 0),
    address: renderAddress(dock.networkBase + slot + 1),
    address6: `${dock.prefix6}::${(slot + 1).toString(16)}`,
    gateway: renderAddress(dock.networkBase + 1),
    gateway6,
    isWayOut: true,
  };
}

interface Place {
  readonly index: number;
  readonly range: NetworkRange;
  readonly wayOut: NetworkRange | undefined;
}

function interfaceOf(dock: DockIdentity, slot: number, { index, range, wayOut }: Place): InterfaceIdentity {
  return {
    ...endsOf(dock, slot, index),
    network: range.name,
    ...instanceAddress(range, slot),
    gateway: gatewayOf(range),
    gateway6,
    isWayOut: range === wayOut,
    ...(range.mtu !== undefined && { mtu: range.mtu }),
  };
}

/** Locally administered MAC addresses (IEEE 802) name slot, interface and side, so that no two links of a dock share one. */
function endsOf(dock: DockIdentity, slot: number, index: number): Pick<InterfaceIdentity, "link" | "inside" | "mac" | "hostMac"> {
  const octets = [slot >> 8, slot & 0xff].map(renderOctet).join(":");
  const mac = (side: number) => `02:15:c0:${renderOctet(2 * index + side)}:${octets}`;
  return {
    link: `${linkPrefix(dock)}${slot}${index === 0 ? "" : String.fromCharCode(furtherLinks + index)}`,
    inside: `eth${index}`,
    mac: mac(1),
    hostMac: mac(0),
  };
}

function renderOctet(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}

/** Further links end in b, c, … */
const furtherLinks = "a".charCodeAt(0);

/** Login ids that ISCs of whatever dock may have. */
export const allLoginUids = { first: firstLoginUid, count: 0x1_0000_0000 - firstLoginUid - 1 } as const;

/** Login ids of this dock's ISCs begin here: above every uid range, 4,096 for each tag. */
export function loginUidBase(dock: DockIdentity): number {
  return firstLoginUid + Number.parseInt(dock.tag, 16) * uidRangesPerDock;
}

/** All host uids that one dock's ISCs may have. */
export function uidsOfBlock(block: number): { readonly first: number; readonly count: number } {
  return { first: firstUid + block * uidsPerBlock, count: uidsPerBlock };
}

/** The block that its uids are in. */
export function uidBlockOf({ uidBase }: DockIdentity): number {
  return (uidBase - firstUid) / uidsPerBlock;
}

export function withUidBlock(dock: DockIdentity, block: number): DockIdentity {
  return { ...dock, uidBase: uidsOfBlock(block).first };
}

/** Every link of this dock begins with it, so one nftables wildcard names them all. */
export function linkPrefix(dock: DockIdentity): string {
  return `isc${dock.tag}-`;
}

export function tableName(dock: DockIdentity): string {
  return `isc_${dock.tag}`;
}

/** Directory below each cgroup hierarchy that holds this dock's ISCs. */
export function cgroupRoot(dock: DockIdentity): string {
  return `isc-${dock.tag}`;
}

/** All its addresses, IPv4 and IPv6: "10.201.0.0/16" and "fd15:c1a2:1a2b:1::/64". */
export function networksOfDock({ networkBase, prefixLength, prefix6 }: DockIdentity): readonly [string, string] {
  return [`${renderAddress(networkBase)}/${prefixLength}`, `${prefix6}::/64`];
}

/** Whether an address as the kernel writes it lies in this dock's networks. */
export function isAddressOfDock(dock: DockIdentity, address: string): boolean {
  if (address.includes(":")) return address.startsWith(`${dock.prefix6}:`);
  const octets = address.split(".").map(Number);
  if (octets.length !== 4) return false;
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return value >= dock.networkBase && value < dock.networkBase + 2 ** (32 - dock.prefixLength);
}

/**
 * @param tagHex four hexadecimal digits, from a hash of the dock's root and network
 * @param network ISC_NET, e.g. "10.201.0.0/16"
 * @returns undefined when `network` is not an IPv4 prefix of length 8 to 20 without host bits
 */
export function parseDockIdentity(tagHex: string, network: string): DockIdentity | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(network);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefixLength = Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefixLength < 8 || prefixLength > 20) return undefined;
  const networkBase = octets.reduce((value, octet) => value * 256 + octet, 0);
  if (networkBase % 2 ** (32 - prefixLength) !== 0) return undefined;
  return {
    tag: tagHex,
    networkBase,
    prefixLength,
    // As the kernel writes addresses back: no leading zeros in a group (RFC 5952).
    prefix6: `fd15:c${tagHex.slice(0, 3)}:${Number.parseInt(tagHex, 16).toString(16)}:1`,
    uidBase: uidsOfBlock(Math.floor(networkBase / 2 ** 16) % uidBlocks).first,
  };
}

function renderAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
