/** Name resolution as every program of the host does it: /etc/hosts, DNS, whatever nsswitch.conf says; getaddrinfo(3). */
import { lookup } from "node:dns/promises";

/** All IPv4 and IPv6 addresses of a name; none when it does not resolve. */
export async function resolveName(name: string): Promise<readonly string[]> {
  try {
    return [...new Set((await lookup(name, { all: true })).map(({ address }) => address))];
  } catch {
    return [];
  }
}
