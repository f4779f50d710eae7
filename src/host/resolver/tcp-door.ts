/** DNS over TCP (RFC 7766): so many connections of one asker and of all, none for long, none that does not read what it asked for. */
import { createServer, type Server, type Socket } from "node:net";
import { mostMessageBytes, mostQueryBytes } from "./dns-message.ts";
import type { QueryDesk } from "./query-desk.ts";
import type { ResolverLimits } from "./resolver-words.ts";

const idleMs = 5_000;
const longestMs = 60_000;
const mostUnreadBytes = 262_144;
const lengthBytes = 2;

export class TcpDoor {
  readonly #desk: QueryDesk;
  readonly #limits: ResolverLimits;
  readonly #openOf = new Map<string, number>();
  #open = 0;

  constructor(desk: QueryDesk, limits: ResolverLimits) {
    this.#desk = desk;
    this.#limits = limits;
  }

  createServer(): Server {
    return createServer({ noDelay: true }, (socket) => this.#admit(socket));
  }

  #admit(socket: Socket): void {
    socket.on("error", () => undefined);
    const source = socket.remoteAddress ?? "";
    const asker = this.#desk.askerAt(source);
    if (asker === undefined) {
      this.#desk.refusals.noteStranger();
      return void socket.resetAndDestroy();
    }
    const open = this.#openOf.get(asker) ?? 0;
    if (open >= this.#limits.connectionsOfOne || this.#open >= this.#limits.connections) {
      this.#desk.refusals.note({ asker, source, name: "", type: "", reason: "limited" });
      return void socket.resetAndDestroy();
    }
    this.#count(asker, 1);
    const end = setTimeout(() => socket.destroy(), longestMs);
    socket.once("close", () => {
      clearTimeout(end);
      this.#count(asker, -1);
    });
    socket.setTimeout(idleMs, () => socket.destroy());
    this.#serve(socket, source);
  }

  #serve(socket: Socket, source: string): void {
    const caller = { source, limitBytes: () => mostMessageBytes, send: (reply: Buffer) => send(socket, reply) };
    let held: Buffer = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      while (held.length >= lengthBytes && !socket.destroyed) {
        const length = held.readUInt16BE(0);
        if (length > mostQueryBytes) return void socket.resetAndDestroy();
        if (held.length < lengthBytes + length) break;
        this.#desk.receive(held.subarray(lengthBytes, lengthBytes + length), caller);
        held = held.subarray(lengthBytes + length);
      }
    });
  }

  #count(asker: string, difference: 1 | -1): void {
    this.#open += difference;
    const open = (this.#openOf.get(asker) ?? 0) + difference;
    if (open > 0) this.#openOf.set(asker, open);
    else this.#openOf.delete(asker);
  }
}

function send(socket: Socket, reply: Buffer): void {
  if (socket.destroyed) return;
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(reply.length);
  socket.write(Buffer.concat([length, reply]));
  if (socket.writableLength > mostUnreadBytes) socket.resetAndDestroy();
}
