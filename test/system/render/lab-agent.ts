/** Runs inside a namespace of the lab: `serve PORT...` echoes TCP and UDP; `ask ADDRESS PORT PROTOCOL [FROM]` says what came back; `hold ADDRESS PORT` echoes lines over one connection. */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";

const [mode, ...words] = process.argv.slice(2);
const patienceMs = 700;

if (mode === "serve") serve(words.map(Number));
if (mode === "ask") ask(words[0] ?? "", Number(words[1]), words[2] ?? "tcp", words[3]);
if (mode === "hold") hold(words[0] ?? "", Number(words[1]));

function serve(ports: readonly number[]): void {
  let waiting = ports.length * 2;
  const announce = () => {
    waiting -= 1;
    if (waiting === 0) process.stdout.write("ready\n");
  };
  for (const port of ports) {
    createServer((socket) => {
      // The first line says who asks, as this side sees it.
      socket.write(`${socket.remoteAddress}\n`);
      socket.on("error", () => socket.destroy());
      socket.pipe(socket);
    }).listen(port, "::", announce);
    const datagrams = createSocket("udp6");
    datagrams.on("message", (message, from) => datagrams.send(message, from.port, from.address));
    datagrams.bind(port, "::", announce);
  }
}

function ask(address: string, port: number, protocol: string, from: string | undefined): void {
  const answer = (text: string) => {
    process.stdout.write(text);
    process.exit(0);
  };
  setTimeout(() => answer("timeout"), patienceMs);
  if (protocol === "udp") {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("message", () => answer("open"));
    socket.on("error", (error) => answer(error.message));
    socket.bind(0, from, () => socket.send("hello", port, address));
    return;
  }
  const socket = connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) });
  socket.on("data", (data) => answer(`open ${data.toString().trim()}`));
  socket.on("error", (error) => answer(error.message));
}

function hold(address: string, port: number): void {
  const socket = connect({ host: address, port });
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on("error", () => process.exit(1));
}
