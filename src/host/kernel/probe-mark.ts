/**
 * How packets of one test are known again, whatever addresses and ports they have by then: the first sequence number of a connection,
 * or 16 bytes that a datagram carries. Pure. Whatever the bytes are, reading them ends in an answer.
 */

/** What every mark begins with; the rest of it is drawn for each test. */
export const probeMagic = 0x49534370;
const markBytes = 12;

export interface ProbeRun {
  /** Twelve bytes: the magic, and eight that nobody can guess. */
  readonly mark: Buffer;
  /** Probes have the numbers from here; below 2³² with all of them. */
  readonly first: number;
  readonly count: number;
}

/** @param random twelve bytes */
export function makeRun(random: Buffer, count: number): ProbeRun {
  const mark = Buffer.alloc(markBytes);
  mark.writeUInt32BE(probeMagic, 0);
  random.copy(mark, 4, 0, 8);
  return { mark, first: 1 + Math.floor((random.readUInt32BE(8) / 2 ** 32) * (2 ** 32 - count - 2)), count };
}

/** Sixteen bytes. */
export function nonceOf({ mark }: ProbeRun, number: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(number, 0);
  return Buffer.concat([mark, tail]);
}

/**
 * The number of the probe that arrives with these bytes; undefined for everything else, answers to a probe too.
 * @param bytes an IP packet or an ARP message; with `protocol`, what comes behind an IPv6 header
 */
export function findProbe(run: ProbeRun, bytes: Buffer, protocol?: number): number | undefined {
  const { transport, next } = protocol === undefined ? findTransport(bytes) : { transport: bytes, next: protocol };
  const number = next === 6 ? sequenceOf(transport) : isEchoReply(transport, next) ? undefined : markedNumber(run, bytes);
  return number !== undefined && number >= run.first && number < run.first + run.count ? number : undefined;
}

function findTransport(bytes: Buffer): { readonly transport: Buffer; readonly next: number } {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4 && bytes.length >= 20) return { transport: bytes.subarray((bytes.readUInt8(0) & 0xf) * 4), next: bytes.readUInt8(9) };
  if (version === 6 && bytes.length >= 40) return { transport: bytes.subarray(40), next: bytes.readUInt8(6) };
  return { transport: bytes, next: -1 };
}

/** Of a segment that opens a connection. */
function sequenceOf(segment: Buffer): number | undefined {
  if (segment.length < 14) return undefined;
  const [syn, ack] = [0x02, 0x10];
  return (segment.readUInt8(13) & (syn | ack)) === syn ? segment.readUInt32BE(4) : undefined;
}

function isEchoReply(message: Buffer, next: number): boolean {
  return (next === 1 && message[0] === 0) || (next === 58 && message[0] === 129);
}

function markedNumber({ mark }: ProbeRun, bytes: Buffer): number | undefined {
  const at = bytes.indexOf(mark);
  return at < 0 || at + markBytes + 4 > bytes.length ? undefined : bytes.readUInt32BE(at + markBytes);
}
