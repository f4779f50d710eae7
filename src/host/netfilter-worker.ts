/** The thread that listens to the kernel's firewall. A change of a table is told at once, refused packets a few times a second. */
import { gatherFrom, NetlinkListener, type Source } from "./kernel/netlink-listener.ts";
import { encodeNflogBinding } from "./kernel/nflog-wire.ts";
import { nftablesGroup } from "./kernel/nft-wire.ts";
import { listenInThread } from "./listener-thread.ts";
import type { NetfilterMessage, NetfilterOptions, PacketLog } from "./netfilter.ts";
import { awaitBinding, RefusedReader } from "./refused-reader.ts";
import { TableReader } from "./table-reader.ts";

const NETLINK_NETFILTER = 12;
const packetBytes = 2 * 1024 * 1024;
/** Somebody may load a table of a hundred thousand addresses in one go. */
const changeBytes = 16 * 1024 * 1024;
const gatherMs = 200;

interface Ground {
  readonly opened: DisposableStack;
  readonly stop: number;
  readonly tell: (message: NetfilterMessage) => void;
}

function listenToPackets({ group, copyBytes }: PacketLog, { opened, stop, tell }: Ground): Source {
  const listener = opened.use(new NetlinkListener({ protocol: NETLINK_NETFILTER, groups: 0, waitingBytes: packetBytes, stop }));
  listener.send(encodeNflogBinding(group, copyBytes), `bind log group ${group}`);
  awaitBinding(listener, group, 2);
  const reader = new RefusedReader(tell);
  return { listener, gathering: { gatherMs, take: (datagram) => reader.take(datagram), tell: () => reader.tell() } };
}

function listenToTables(table: string, { opened, stop, tell }: Ground): Source {
  const options = { protocol: NETLINK_NETFILTER, groups: nftablesGroup, waitingBytes: changeBytes, stop };
  const listener = opened.use(new NetlinkListener(options));
  const reader = new TableReader(table, tell);
  return { listener, gathering: { gatherMs: 0, take: (datagram) => reader.take(datagram), tell: () => reader.tell() } };
}

listenInThread<NetfilterOptions, NetfilterMessage>(({ options: { log, table }, stop, listening, tell }) => {
  using opened = new DisposableStack();
  const ground: Ground = { opened, stop, tell };
  const sources = [
    ...(table === undefined ? [] : [listenToTables(table, ground)]),
    ...(log === undefined ? [] : [listenToPackets(log, ground)]),
  ];
  listening();
  gatherFrom(stop, sources);
});
