import assert from "node:assert/strict";
import { test } from "node:test";
import { type Connection, type Permissions, StrayConnections } from "./stray-connection.ts";

const [web, old, client, caged] = ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5"];
const host = "192.0.2.1";
const stranger = "192.0.2.9";
const strays = (more: Permissions["elements"] = []) =>
  new StrayConnections({
    elements: [
      { set: "sources4", key: ["iscab12-1", "02:15:c0:01:00:01", web] },
      { set: "sources4", key: ["iscab12-4", "02:15:c0:01:00:04", caged] },
      { set: "quarantined", key: ["iscab12-4"] },
      { set: "listen4", key: [web, "tcp", "80"] },
      // Drains: another has its exposed port by now.
      { set: "listen4", key: [old, "tcp", "80"] },
      { set: "listen4", key: [caged, "tcp", "80"] },
      { set: "expose4", key: ["tcp", "8080"], value: [web, "80"] },
      { set: "expose_at4", key: [host, "tcp", "8443"], value: [web, "80"] },
      { set: "connect4", key: [client, stranger, "tcp", "9000"] },
      { set: "connect4", key: [client, web, "tcp", "80"] },
      { set: "connect4", key: [client, host, "tcp", "8080"] },
      { set: "ranges4", key: [client, "198.51.100.0/24", "udp", "53"] },
      ...more,
    ],
    isOfDock: (address) => address.startsWith("10.1."),
    isOfHost: (address) => address === host || address === "10.1.0.1" || address.startsWith("127."),
    isWithin: (address, prefix) => prefix === "198.51.100.0/24" && address.startsWith("198.51.100."),
  });
/** As it came; translated where the last two say so. */
const connection = (
  source: string,
  destination: string,
  port: number,
  { target = destination, targetPort = port, answersTo = source, protocol = "tcp" }: Partial<Connection> = {},
): Connection => ({ protocol, source, destination, port, target, targetPort, answersTo });
const toWeb = { target: web, targetPort: 80 };

const allowed: Readonly<Record<string, Connection>> = {
  "through an exposed port": connection(stranger, host, 8080, toWeb),
  "through a port exposed at one address": connection(stranger, host, 8443, toWeb),
  "to the instance that drains": connection(stranger, host, 8080, { target: old, targetPort: 80 }),
  "from the host's loopback": connection("127.0.0.1", "127.0.0.1", 8080, { ...toWeb, answersTo: "10.1.0.1" }),
  "from the dock, such as a health check": connection("10.1.0.1", web, 80),
  "to a declared address": connection(client, stranger, 9_000, { answersTo: host }),
  "to a declared range": connection(client, "198.51.100.7", 53, { protocol: "udp", answersTo: host }),
  "to a declared ISC": connection(client, web, 80),
  "to an ISC by the host's exposed port": connection(client, host, 8080, { ...toWeb, answersTo: "10.1.0.1" }),
  "of nobody here": connection(stranger, host, 22),
  "of the host itself": connection(host, stranger, 443),
};
const stray: Readonly<Record<string, Connection>> = {
  "to an address nobody declared": connection(client, stranger, 9_001, { answersTo: host }),
  "to a declared address by another protocol": connection(client, stranger, 9_000, { protocol: "udp", answersTo: host }),
  "to the host": connection(client, host, 22),
  "to an ISC nobody named": connection(web, client, 80),
  "to a closed port of a named ISC": connection(client, web, 81),
  "from a neighbour straight to an ISC": connection(stranger, web, 80),
  "through a port that was never exposed": connection(stranger, host, 9_999, toWeb),
  "through a port exposed at another address": connection(stranger, "192.0.2.200", 8443, toWeb),
  "to one in quarantine": connection("10.1.0.1", caged, 80),
  "of a protocol without ports": connection(client, stranger, 0, { protocol: "1", answersTo: host }),
  "that should have been exposed and is not": connection(stranger, host, 8080),
  "that should have left under the host's address": connection(client, stranger, 9_000),
};

for (const [name, one] of Object.entries(allowed)) test(`a connection ${name} stays`, () => assert.equal(strays().has(one), false));
for (const [name, one] of Object.entries(stray)) test(`a connection ${name} is stray`, () => assert.equal(strays().has(one), true));
