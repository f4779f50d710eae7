/** Where lines of events are written to: a datagram, a stream or a file. Each write resolves when it was taken, or throws. */
import { createSocket } from "node:dgram";
import fs from "node:fs";
import { connect, isIPv6, type Socket } from "node:net";
import type { ForwardTarget } from "../../model/dock-config.ts";

export interface Outlet {
  /** @param message without its end */
  write(message: string): Promise<void>;
  close(): void;
}

/** How messages are told apart in a stream: RFC 6587 octet counting for syslog, newlines for JSON. */
export type Framing = "octets" | "lines";

const connectTimeoutMs = 5_000;
/** A peer that takes nothing for so long is given up. */
const writeTimeoutMs = 30_000;

export function openOutlet(target: ForwardTarget, framing: Framing): Promise<Outlet> {
  if ("path" in target) return target.kind === "file" ? openFile(target.path) : openStream({ path: target.path }, framing);
  const { kind, host, port } = target;
  return kind === "udp" ? Promise.resolve(openDatagrams(host, port)) : openStream({ host, port }, framing);
}

function openDatagrams(host: string, port: number): Outlet {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  socket.unref();
  socket.on("error", () => undefined);
  return {
    write: (message) => new Promise((resolve, reject) => socket.send(message, port, host, (error) => (error ? reject(error) : resolve()))),
    close: () => socket.close(),
  };
}

/** Opened for each write, so that it may be rotated. */
async function openFile(path: string): Promise<Outlet> {
  await fs.promises.appendFile(path, "", { mode: 0o600 });
  return { write: (message) => fs.promises.appendFile(path, `${message}\n`, { mode: 0o600 }), close: () => undefined };
}

async function openStream(
  place: { readonly path: string } | { readonly host: string; readonly port: number },
  framing: Framing,
): Promise<Outlet> {
  const socket = connect(place);
  socket.unref();
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("close", () => {
    failure ??= new Error("the other side has closed the connection");
  });
  // Whatever it says is not for us.
  socket.resume();
  await connected(socket);
  socket.setTimeout(writeTimeoutMs);
  return {
    write: (message) => {
      if (failure !== undefined) return Promise.reject(failure);
      const framed = framing === "lines" ? `${message}\n` : `${Buffer.byteLength(message)} ${message}`;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => socket.destroy(new Error("the other side takes nothing any more")), writeTimeoutMs);
        socket.write(framed, (error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        });
      });
    },
    close: () => socket.destroy(),
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${connectTimeoutMs / 1000} s`)), connectTimeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    socket.once("connect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
  });
}
