/** Ports as arguments: "80", "53/udp", and for --at "8080", "127.0.0.1:8080", "[::1]:8080". */
import { Problem } from "../base/problem.ts";
import type { Protocol } from "../model/network.ts";

export interface PortArgument {
  readonly port: number;
  readonly protocol: Protocol;
}

export interface PlaceArgument {
  readonly hostPort: number;
  readonly address?: string;
}

/** Throws USAGE. */
export function parsePortArgument(text: string): PortArgument {
  const [, digits, protocol = "tcp"] = /^(\d+)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = parsePort(digits);
  if (port === undefined) {
    throw new Problem("USAGE", `cannot understand the port ${JSON.stringify(text)}`, {
      hint: "a port is a number from 1 to 65535, with /udp behind it where it is one: 80, 53/udp",
    });
  }
  return { port, protocol: protocol === "udp" ? "udp" : "tcp" };
}

/** Where on the host: [ADDRESS:]PORT. Throws USAGE. */
export function parsePlaceArgument(text: string): PlaceArgument {
  const groups = /^(?:(?:\[(?<six>[\da-f:.]+)\]|(?<four>[\d.]+)):)?(?<digits>\d+)$/i.exec(text)?.groups;
  const hostPort = parsePort(groups?.digits);
  if (hostPort === undefined) {
    throw new Problem("USAGE", `cannot understand --at ${JSON.stringify(text)}`, {
      hint: "write a host port, with an address before it to narrow it: 8080, 127.0.0.1:8080, [::1]:8080",
    });
  }
  const address = groups?.six ?? groups?.four;
  return address === undefined ? { hostPort } : { hostPort, address };
}

function parsePort(digits: string | undefined): number | undefined {
  const port = Number(digits);
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : undefined;
}
