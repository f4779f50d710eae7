/** What is said to nfnetlink_log to get packets of a group; linux/netfilter/nfnetlink_log.h. Pure. */
import { attribute, encodeRequests, NLM_F_ACK } from "./netlink-message.ts";

const NFNL_SUBSYS_ULOG = 4;
const NFULNL_MSG_PACKET = 0;
const NFULNL_MSG_CONFIG = 1;
const NFULA_CFG_CMD = 1;
const NFULA_CFG_MODE = 2;
const NFULA_CFG_TIMEOUT = 4;
const NFULNL_CFG_CMD_BIND = 1;
const NFULNL_COPY_PACKET = 2;
/** How long the kernel may gather packets before it tells, in hundredths of a second. */
const GATHER_TICKS = 5;

/** The type of messages that hold a packet. */
export const nflogPacket = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET;

/** Binds the group to the socket, and asks for the first bytes of each packet. Acknowledged in two messages. */
export function encodeNflogBinding(group: number, copyBytes: number): Buffer {
  const mode = Buffer.alloc(6);
  mode.writeUInt32BE(copyBytes, 0);
  mode.writeUInt8(NFULNL_COPY_PACKET, 4);
  const gather = Buffer.alloc(4);
  gather.writeUInt32BE(GATHER_TICKS, 0);
  const commands = [
    [attribute(NFULA_CFG_CMD, Buffer.from([NFULNL_CFG_CMD_BIND]))],
    [attribute(NFULA_CFG_MODE, mode), attribute(NFULA_CFG_TIMEOUT, gather)],
  ];
  return encodeRequests(
    commands.map((attributes) => ({
      type: (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG,
      flags: NLM_F_ACK,
      payload: Buffer.concat([generic(group), ...attributes]),
      what: `bind log group ${group}`,
      harmless: [],
    })),
    1,
  );
}

/** struct nfgenmsg: no family, version 0, the group in network order. */
function generic(group: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(group, 2);
  return bytes;
}
