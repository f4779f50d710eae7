/** The frame of every netlink message: header, payload, attributes. Pure; see netlink(7). Both supported machines are little-endian. */

export type NetlinkRequest = {
  readonly type: number;
  /** NLM_F_ flags beside NLM_F_REQUEST. */
  readonly flags: number;
  readonly payload: Buffer;
  /** What is asked, for error messages: `delete link eth0`. */
  readonly what: string;
  /** Error codes that mean the wanted state is there already. */
  readonly harmless: readonly string[];
};

export type NetlinkMessage = { readonly type: number; readonly flags: number; readonly sequence: number; readonly payload: Buffer };

export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const NLM_F_REQUEST = 0x1;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
const HEADER_BYTES = 16;
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** Several requests as one datagram, numbered upwards from a sequence number. */
export function encodeRequests(requests: readonly NetlinkRequest[], firstSequence: number): Buffer {
  return Buffer.concat(
    requests.map((request, position) => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(HEADER_BYTES + request.payload.length, 0);
      header.writeUInt16LE(request.type, 4);
      header.writeUInt16LE(request.flags | NLM_F_REQUEST, 6);
      header.writeUInt32LE(firstSequence + position, 8);
      return pad(Buffer.concat([header, request.payload]));
    }),
  );
}

/** The messages of one received datagram. Throws Error on a length that cannot be. */
export function parseMessages(datagram: Buffer): readonly NetlinkMessage[] {
  return slices(datagram, HEADER_BYTES, (at) => datagram.readUInt32LE(at)).map((message) => ({
    type: message.readUInt16LE(4),
    flags: message.readUInt16LE(6),
    sequence: message.readUInt32LE(8),
    payload: message.subarray(HEADER_BYTES),
  }));
}

/** Attributes by type; of a repeated type the last one. Throws Error on a length that cannot be. */
export function parseAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = slices(bytes, 4, (at) => bytes.readUInt16LE(at));
  return new Map(found.map((entry) => [entry.readUInt16LE(2) & ATTRIBUTE_TYPE_MASK, entry.subarray(4)]));
}

/** How many attributes there are, of whatever type. Throws Error on a length that cannot be. */
export function countAttributes(bytes: Buffer): number {
  return slices(bytes, 4, (at) => bytes.readUInt16LE(at)).length;
}

/** The positive error number in an NLMSG_ERROR message (0: done well), with the kernel's sentence where it gave one. */
export function parseAck(message: NetlinkMessage): { readonly errno: number; readonly text?: string } {
  const errno = Math.abs(message.payload.readInt32LE(0));
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return { errno };
  // int error, then the header of the request (NETLINK_CAP_ACK leaves its payload out), then attributes
  const text = parseAttributes(message.payload.subarray(4 + HEADER_BYTES)).get(NLMSGERR_ATTR_MSG);
  return text ? { errno, text: textOf(text) } : { errno };
}

export function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + value.length, 0);
  header.writeUInt16LE(type, 2);
  return pad(Buffer.concat([header, value]));
}

export function numberAttribute(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return attribute(type, bytes);
}

export function textAttribute(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

export function nestedAttribute(type: number, entries: readonly Buffer[]): Buffer {
  return attribute(type, Buffer.concat(entries));
}

export function textOf(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString("utf8", 0, end < 0 ? value.length : end);
}

function slices(bytes: Buffer, smallest: number, lengthAt: (at: number) => number): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + smallest <= bytes.length; ) {
    const length = lengthAt(at);
    if (length < smallest || at + length > bytes.length) throw new Error(`cannot read netlink message: length ${length} at ${at}`);
    found.push(bytes.subarray(at, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

function pad(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
