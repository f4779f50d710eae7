/** Numbers and headers of rtnetlink; see rtnetlink(7), linux/rtnetlink.h, linux/if_link.h. Pure. */

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_NEWNEIGH = 28;
export const RTM_GETNEIGH = 30;

export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_QDISC = 6;
export const IFLA_LINKINFO = 18;
export const IFLA_STATS64 = 23;
export const IFLA_NET_NS_FD = 28;
export const IFLA_EXT_MASK = 29;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const VETH_INFO_PEER = 1;
export const RTEXT_FILTER_SKIP_STATS = 8;
export const IFF_UP = 1;

export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
export const IFA_F_NODAD = 2;

export const RTA_DST = 1;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_TABLE = 15;
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
export const RTPROT_STATIC = 4;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTNH_F_ONLINK = 4;
/** In a deletion: whatever its scope. */
export const RT_SCOPE_NOWHERE = 255;
export const scopes = { global: 0, link: 253, host: 254 } as const;

export const NDA_DST = 1;
export const NDA_LLADDR = 2;
export const NUD_PERMANENT = 0x80;
/** struct ndmsg. */
export const NEIGHBOUR_HEADER_BYTES = 12;

/** struct ifinfomsg: family, type, index, flags, and which flags are meant. */
export const LINK_HEADER_BYTES = 16;

export function linkHeader(fields: { readonly index?: number; readonly flags?: number; readonly change?: number }): Buffer {
  const header = Buffer.alloc(LINK_HEADER_BYTES);
  header.writeInt32LE(fields.index ?? 0, 4);
  header.writeUInt32LE(fields.flags ?? 0, 8);
  header.writeUInt32LE(fields.change ?? 0, 12);
  return header;
}
