/**
 * Listens where an intruder must not reach, and prints one line of JSON for each who came: run by the suite in the network namespace
 * that it stands for. Arguments: tcp:ADDRESS:PORT, udp:ADDRESS:PORT, abstract:NAME.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

function tell(where: string, from: string | undefined, text: string): void {
  process.stdout.write(`${JSON.stringify({ where, from: from ?? "", text: text.slice(0, 200) })}\n`);
}

function listen(place: string): Promise<void> {
  const [, kind = "", address = "", port = "0"] = /^(tcp|udp|abstract):(.*?)(?::(\d+))?$/.exec(place) ?? [];
  return new Promise((resolve, reject) => {
    if (kind === "udp") {
      const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", ipv6Only: address.includes(":") });
      socket.on("message", (text, from) => tell(place, from.address, text.toString("latin1")));
      socket.once("error", reject).bind(Number(port), address, resolve);
      return;
    }
    const server = createServer((connection) => {
      // A connection alone is success enough.
      tell(place, connection.remoteAddress, "");
      connection.on("data", (text) => tell(place, connection.remoteAddress, text.toString("latin1")));
      connection.on("error", () => undefined);
      connection.setTimeout(5_000, () => connection.destroy());
    });
    server.once("error", reject);
    if (kind === "abstract") server.listen(`\0${address}`, resolve);
    else server.listen({ port: Number(port), host: address }, resolve);
  });
}

// Nobody listens any more, should the suite itself be killed.
process.stdin.once("end", () => process.exit()).resume();
for (const place of process.argv.slice(2)) await listen(place);
process.stdout.write("ready\n");
