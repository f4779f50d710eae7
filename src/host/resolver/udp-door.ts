/** DNS over UDP on one address. Replies go out by the socket that the query came in by, so from the address that was asked. */
import { createSocket, type Socket } from "node:dgram";
import { datagramLimit } from "./dns-message.ts";
import type { QueryDesk } from "./query-desk.ts";

/** As much as net.core.rmem_max lets it have: what waits while others flood. */
const receiveBufferBytes = 4_194_304;
const mostUnsent = 1_000;

export function createUdpSocket(address: string, desk: QueryDesk): Socket {
  const isIpv6 = address.includes(":");
  const socket = createSocket({ type: isIpv6 ? "udp6" : "udp4", ...(isIpv6 ? { ipv6Only: true } : {}) });
  socket.on("message", (bytes, { address: source, port }) => {
    desk.receive(bytes, {
      source,
      limitBytes: datagramLimit,
      send: (reply) => {
        // Whoever is not there any more misses it.
        if (socket.getSendQueueCount() < mostUnsent) socket.send(reply, port, source, () => undefined);
      },
    });
  });
  socket.once("listening", () => socket.setRecvBufferSize(receiveBufferBytes));
  return socket;
}
