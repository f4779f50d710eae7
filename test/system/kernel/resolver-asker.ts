/** A program that asks a resolver for a test, in another network namespace: one JSON order a line in, one JSON answer a line out. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { type DecodedPacket, decode, encode, type Packet, type RecordType } from "dns-packet";

export interface Order {
  /** flood: for `seconds`, as fast as it goes · measure: `count` questions, `atOnce` of them on their way · hold: a connection that says nothing */
  readonly kind: "udp" | "tcp" | "flood" | "measure" | "hold";
  readonly source: string;
  readonly server: string;
  readonly name: string;
  readonly type: string;
  /** EDNS payload size. */
  readonly payloadBytes?: number;
  readonly flags?: number;
  /** Sent instead of a question, in hexadecimal. */
  readonly raw?: string;
  readonly seconds?: number;
  readonly count?: number;
  readonly atOnce?: number;
}

export interface Heard {
  /** Undefined: no answer. */
  readonly rcode?: string;
  readonly question?: string;
  readonly answers: readonly { readonly name: string; readonly type: string; readonly ttl?: number | undefined; readonly data: string }[];
  readonly truncated?: boolean;
  readonly bytes?: number;
  readonly tookMs: number;
  /** Of a flood: how many were sent. Of a measurement: how many were lost, and milliseconds of each answer in order of length. */
  readonly sent?: number;
  readonly lost?: number;
  readonly latencies?: readonly number[];
}

const patienceMs = 2_000;

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    // Of the test.
    const answer = await carryOut(JSON.parse(line) as Order);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

async function carryOut(order: Order): Promise<Heard> {
  const startedMs = performance.now();
  const tookMs = () => performance.now() - startedMs;
  switch (order.kind) {
    case "udp":
      return describe(await askByUdp(order), tookMs());
    case "tcp":
      return describe(await askByTcp(order), tookMs());
    case "hold":
      connect({ host: order.server, port: 53, localAddress: order.source }).on("error", () => undefined);
      return { answers: [], tookMs: tookMs() };
    case "flood":
      return { answers: [], sent: await flood(order), tookMs: tookMs() };
    case "measure":
      return { answers: [], ...(await measure(order)), tookMs: tookMs() };
    default:
      return order.kind satisfies never;
  }
}

function bytesOf({ raw, name, type, payloadBytes, flags }: Order, id = 0x1234): Buffer {
  if (raw !== undefined) return Buffer.from(raw, "hex");
  const edns: Packet["additionals"] =
    payloadBytes === undefined
      ? []
      : [{ type: "OPT", name: ".", udpPayloadSize: payloadBytes, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }];
  // The library writes types that its own types do not name.
  return encode({ type: "query", id, flags: flags ?? 0x100, questions: [{ type: type as RecordType, name }], additionals: edns });
}

async function askByUdp(order: Order): Promise<Buffer | undefined> {
  const socket = await bound(order);
  try {
    socket.send(bytesOf(order), 53, order.server);
    const [reply] = await once(socket, "message", { signal: AbortSignal.timeout(patienceMs) }).catch(() => [undefined]);
    return reply;
  } finally {
    socket.close();
  }
}

async function askByTcp(order: Order): Promise<Buffer | undefined> {
  const socket = connect({ host: order.server, port: 53, localAddress: order.source });
  const message = bytesOf(order);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  socket.write(Buffer.concat([length, message]));
  let reply = Buffer.alloc(0);
  socket.setTimeout(patienceMs, () => socket.destroy());
  try {
    for await (const bytes of socket) {
      reply = Buffer.concat([reply, bytes]);
      if (reply.length >= 2 && reply.length >= 2 + reply.readUInt16BE(0)) return reply.subarray(2);
    }
  } catch {
    return undefined;
  }
  return undefined;
}

async function flood(order: Order): Promise<number> {
  const sockets = await Promise.all([bound(order), bound(order)]);
  const message = bytesOf(order);
  const endMs = performance.now() + (order.seconds ?? 1) * 1_000;
  let sent = 0;
  while (performance.now() < endMs) {
    for (let burst = 0; burst < 200; burst++) {
      for (const socket of sockets) socket.send(message, 53, order.server);
      sent += sockets.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const socket of sockets) socket.close();
  return sent;
}

async function measure(order: Order): Promise<{ readonly lost: number; readonly latencies: readonly number[] }> {
  const socket = await bound(order);
  const latencies: number[] = [];
  const waiting = new Map<number, (isAnswered: boolean) => void>();
  socket.on("message", (bytes) => waiting.get(bytes.readUInt16BE(0))?.(true));
  let next = 0;
  let lost = 0;
  const ask = async () => {
    while (next < (order.count ?? 1)) {
      const id = next++ % 65_536;
      const startedMs = performance.now();
      const isAnswered = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), patienceMs);
        waiting.set(id, (answered) => {
          clearTimeout(timer);
          resolve(answered);
        });
        socket.send(bytesOf(order, id), 53, order.server);
      });
      waiting.delete(id);
      if (isAnswered) latencies.push(performance.now() - startedMs);
      else lost += 1;
    }
  };
  await Promise.all(Array.from({ length: order.atOnce ?? 1 }, ask));
  socket.close();
  return { lost, latencies: latencies.sort((one, other) => one - other) };
}

async function bound({ source }: Order) {
  const socket = createSocket(source.includes(":") ? "udp6" : "udp4");
  socket.bind({ address: source });
  await once(socket, "listening");
  return socket;
}

function describe(reply: Buffer | undefined, tookMs: number): Heard {
  if (!reply) return { answers: [], tookMs };
  // Its types leave out the response code that it reads.
  const packet = decode(reply) as DecodedPacket & { readonly rcode: string };
  const answers = (packet.answers ?? []).map((answer) => ({
    name: answer.name,
    type: answer.type,
    ttl: "ttl" in answer ? answer.ttl : undefined,
    data: "data" in answer ? String(answer.data) : "",
  }));
  const question = packet.questions?.[0]?.name;
  return {
    rcode: packet.rcode,
    ...(question === undefined ? {} : { question }),
    answers,
    truncated: packet.flag_tc,
    bytes: reply.length,
    tookMs,
  };
}
