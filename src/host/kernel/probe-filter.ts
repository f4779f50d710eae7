/**
 * The classic BPF program that lets a capture see the packets of one test, and of the traffic of a busy service next to nothing.
 * linux/filter.h, Documentation/networking/filter.rst. Pure.
 */
import { type ProbeRun, probeMagic } from "./probe-mark.ts";

/** Where the bytes begin: at the network header of packets on a link, at the IPv4 header, or behind the IPv6 header. */
export type CapturePoint =
  | { readonly kind: "link"; readonly direction: "in" | "out" }
  | { readonly kind: "ip4"; readonly protocol: number }
  | { readonly kind: "behind-ip6"; readonly protocol: number };

const loadWord = 0x20;
const loadByte = 0x30;
const loadWordAtX = 0x40;
const loadByteAtX = 0x50;
const setX = 0x01;
const setXToHead4 = 0xb1;
const jumpEqual = 0x15;
const jumpAtLeast = 0x35;
const jumpAbove = 0x25;
const answer = 0x06;
const always = 0x05;

/** Of what is not in the packet: SKF_AD_OFF and the fields behind it. */
const etherType = 0xffff_f000;
const packetType = 0xffff_f004;
const outgoing = 4;
/** Headers, the mark, and all of a DHCP message before its options. */
const copyBytes = 256;

type Step = readonly [code: number, value: number, whenTrue?: string | undefined, whenFalse?: string | undefined];
type Block = readonly [label: string, ...steps: readonly Step[]];

/** Each instruction is a struct sock_filter of 8 bytes. */
export function renderProbeFilter(run: ProbeRun, point: CapturePoint): Buffer {
  return assemble([...entry(point), ...judging(run)]);
}

function entry(point: CapturePoint): readonly Block[] {
  const byProtocol = protocolJumps();
  switch (point.kind) {
    case "ip4":
      return [["start", [setXToHead4, 0], [loadByte, 9], ...byProtocol]];
    case "behind-ip6": {
      const target = { 6: "tcp", 17: "udp", 58: "icmp6" }[point.protocol] ?? "drop";
      return [["start", [setX, 0], [always, 0, target]]];
    }
    case "link": {
      const [whenOut, whenIn] = point.direction === "out" ? [undefined, "drop"] : ["drop", undefined];
      return [
        ["start", [loadWord, packetType], [jumpEqual, outgoing, whenOut, whenIn], [loadWord, etherType]],
        ["kind", [jumpEqual, 0x0806, "take"], [jumpEqual, 0x0800, "ip4"], [jumpEqual, 0x86dd, "ip6", "drop"]],
        ["ip4", [setXToHead4, 0], [loadByte, 9], ...byProtocol],
        ["ip6", [setX, 40], [loadByte, 6], ...byProtocol],
      ];
    }
    default:
      return point satisfies never;
  }
}

function protocolJumps(): readonly Step[] {
  return [
    [jumpEqual, 6, "tcp"],
    [jumpEqual, 17, "udp"],
    [jumpEqual, 1, "icmp"],
    [jumpEqual, 58, "icmp6", "drop"],
  ];
}

/** What is loaded beyond the end of a packet drops it. */
function judging({ first, count }: ProbeRun): readonly Block[] {
  return [
    ["tcp", [loadWordAtX, 4], [jumpAtLeast, first, undefined, "drop"], [jumpAbove, first + count - 1, "drop", "take"]],
    // In a DHCP message the mark comes later.
    ["udp", [loadWordAtX, 8], [jumpEqual, probeMagic, "take"], [loadWordAtX, 52], [jumpEqual, probeMagic, "take", "drop"]],
    ["icmp6", [loadByteAtX, 0], [jumpAtLeast, 133, undefined, "icmp"], [jumpAbove, 137, undefined, "take"]],
    ["icmp", [loadWordAtX, 8], [jumpEqual, probeMagic, "take", "drop"]],
    ["drop", [answer, 0]],
    ["take", [answer, copyBytes]],
  ];
}

function assemble(blocks: readonly Block[]): Buffer {
  const places = new Map<string, number>();
  const steps: Step[] = [];
  for (const [label, ...own] of blocks) {
    places.set(label, steps.length);
    steps.push(...own);
  }
  const bytes = Buffer.alloc(steps.length * 8);
  for (const [position, [code, value, whenTrue, whenFalse]] of steps.entries()) {
    const distance = (label: string | undefined) => (label === undefined ? 0 : (places.get(label) ?? 0) - position - 1);
    bytes.writeUInt16LE(code, position * 8);
    bytes.writeUInt8(code === always ? 0 : distance(whenTrue), position * 8 + 2);
    bytes.writeUInt8(distance(whenFalse), position * 8 + 3);
    bytes.writeUInt32LE(code === always ? distance(whenTrue) : value, position * 8 + 4);
  }
  return bytes;
}
