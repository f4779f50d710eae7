/** Who is at the other end of a unix socket, in the kernel's words. See SO_PEERCRED in unix(7). */
import type { Socket } from "node:net";
import { callLibc } from "./libc.ts";

export type PeerCredentials = { readonly pid: number; readonly uid: number; readonly gid: number };

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** The peer as it was when it connected. Throws KernelError, and Error when the socket is closed or has no descriptor. */
export function readPeerCredentials(socket: Socket): PeerCredentials {
  const fd = descriptorOf(socket);
  // struct ucred { pid_t, uid_t, gid_t }, then the length the kernel writes back
  const record = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(record.length);
  callLibc(
    "int getsockopt(int fd, int level, int name, void *value, void *length)",
    [fd, SOL_SOCKET, SO_PEERCRED, record, length],
    () => "read peer credentials",
  );
  return { pid: record.readInt32LE(0), uid: record.readUInt32LE(4), gid: record.readUInt32LE(8) };
}

/** node offers no public way to a socket's descriptor; its handle has carried `fd` since the first versions. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = "_handle" in socket ? socket._handle : undefined;
  const fd = typeof handle === "object" && handle !== null && "fd" in handle ? handle.fd : undefined;
  if (typeof fd !== "number" || fd < 0) throw new Error("cannot read peer credentials: the socket has no open descriptor");
  return fd;
}
