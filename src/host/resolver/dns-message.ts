/** DNS messages between bytes and what is meant; the reading of them is dns-packet's. Nothing here trusts a byte. Pure. */
import { type Answer, decode, encode, type Packet, type Question as PacketQuestion } from "dns-packet";
import type { Query, Question } from "./decide-query.ts";

/** Of RFC 1035, section 4.1.1. */
export const responseCode = { ok: 0, malformed: 1, failed: 2, unknown: 3, notImplemented: 4, refused: 5 } as const;
export type ResponseCode = (typeof responseCode)[keyof typeof responseCode];

/** No datagram that goes out is longer; it fits every link unfragmented (DNS flag day 2020). */
export const mostDatagramBytes = 1_232;
/** No question needs more. */
export const mostQueryBytes = 1_232;
export const mostMessageBytes = 65_535;

export interface ReceivedQuery extends Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** RFC 6891; absent where the asker does not speak it. */
  readonly edns?: { readonly payloadBytes: number; readonly version: number };
}

export interface ReplyRecord {
  readonly type: "A" | "AAAA" | "PTR";
  readonly data: string;
  readonly ttlSeconds: number;
}

export interface Reply {
  readonly code: ResponseCode;
  readonly records: readonly ReplyRecord[];
}

const headerBytes = 12;
const isResponse = 0x8000;
const truncated = 0x0200;
const recursionDesired = 0x0100;
const recursionAvailable = 0x0080;
/** Extended response code 16 (RFC 6891, section 9), of which the header holds the lower four bits: none. */
const badVersion = 1;
const mostQuestions = 4;
const mostAdditional = 2;
/** Without EDNS. */
const plainDatagramBytes = 512;

/** Undefined when the bytes are no query. */
export function readQuery(bytes: Buffer): ReceivedQuery | undefined {
  if (bytes.length < headerBytes || bytes.length > mostQueryBytes || !isQueryHeader(bytes)) return undefined;
  try {
    const packet = decode(bytes);
    const opt = packet.additionals?.find((record) => record.type === "OPT");
    return {
      id: packet.id ?? 0,
      opcode: ((packet.flags ?? 0) >> 11) & 0xf,
      recursionDesired: packet.flag_rd,
      questions: (packet.questions ?? []).map((question) => ({ ...question, class: question.class ?? "IN" })),
      ...(opt ? { edns: { payloadBytes: opt.udpPayloadSize, version: opt.ednsVersion } } : {}),
    };
  } catch {
    return undefined;
  }
}

/** How long a datagram this asker takes. */
export function datagramLimit({ edns }: ReceivedQuery): number {
  return edns ? Math.min(Math.max(edns.payloadBytes, plainDatagramBytes), mostDatagramBytes) : plainDatagramBytes;
}

/** What does not fit into `limitBytes` is left out as a whole, and the asker told to come by TCP (RFC 2181, section 9). */
export function renderReply(query: ReceivedQuery, reply: Reply, limitBytes: number): Buffer {
  const hasBadVersion = query.edns !== undefined && query.edns.version !== 0;
  const whole = encode(packetOf(query, hasBadVersion ? { code: responseCode.ok, records: [] } : reply, 0));
  return whole.length <= limitBytes ? whole : encode(packetOf(query, { ...reply, records: [] }, truncated));
}

/** Counts that no query has are not even decoded. */
function isQueryHeader(bytes: Buffer): boolean {
  const [questions, answers, authorities, additional] = [4, 6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  const isQuery = (bytes.readUInt16BE(2) & isResponse) === 0;
  return isQuery && Number(questions) <= mostQuestions && answers === 0 && authorities === 0 && Number(additional) <= mostAdditional;
}

function packetOf(query: ReceivedQuery, reply: Reply, flags: number): Packet {
  const [question, ...more] = query.questions;
  const repeated = question && more.length === 0 && isRepeatable(question) ? question : undefined;
  const opcodeBits = query.opcode << 11;
  const desired = query.recursionDesired ? recursionDesired : 0;
  return {
    type: "response",
    id: query.id,
    flags: opcodeBits | desired | recursionAvailable | flags | reply.code,
    // The types of the library know fewer record types than it reads and writes.
    questions: repeated ? [repeated as PacketQuestion] : [],
    // The spelling of the question, since askers compare it (draft-vixie-dnsext-dns0x20).
    answers: repeated ? reply.records.map(({ type, data, ttlSeconds }) => ({ type, name: repeated.name, data, ttl: ttlSeconds })) : [],
    additionals: query.edns ? [optRecord(query.edns.version === 0 ? 0 : badVersion)] : [],
  };
}

function optRecord(extendedRcode: number): Answer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: mostDatagramBytes,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

/** Whether it comes out of the library as it went in. */
function isRepeatable({ name, class: questionClass }: Question): boolean {
  if (questionClass.startsWith("UNKNOWN")) return false;
  return name === "." || (name.length <= 253 && name.split(".").every((label) => /^[\x21-\x7e]{1,63}$/.test(label)));
}
