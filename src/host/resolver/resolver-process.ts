/**
 * The resolver of a dock, as a program: it reads what ISCs send to port 53, and has no right but that. The dock says by standard input
 * what may be answered, hears by standard output what was not, and ends it by ending its input. See resolver.ts.
 */
import { once } from "node:events";
import { reasonOf } from "../../base/reason-of.ts";
import { readBoundedLines } from "./bounded-lines.ts";
import { QueryDesk } from "./query-desk.ts";
import type { ResolverStart, WordOfResolver, WordToResolver } from "./resolver-words.ts";
import { TcpDoor } from "./tcp-door.ts";
import { createUdpSocket } from "./udp-door.ts";

const port = 53;
const reportEveryMs = 500;
/** The dock's own words, whose policy grows with the number of ISCs. */
const mostWordCharacters = 67_108_864;

// What resolver.ts has handed over.
const { addresses, limits } = JSON.parse(process.argv[2] ?? "") as ResolverStart;
const desk = new QueryDesk({ limits, now: () => performance.now(), ask: (question) => say({ kind: "ask", ...question }) });
let isHeard = true;
let isListening = false;

readBoundedLines(process.stdin, mostWordCharacters, take, end);
process.stdin.once("close", end);
setInterval(report, reportEveryMs);

function take(line: string): void {
  // The dock's words are believed.
  const word = JSON.parse(line) as WordToResolver;
  if (word.kind === "heard") isHeard = true;
  else if (word.kind === "resolved") desk.hear(word.id, word.resolution);
  else {
    desk.setPolicy(word.policy);
    say({ kind: "took", number: word.number });
    if (!isListening) void listen();
  }
}

/** Before there is a policy everybody would be a stranger. */
async function listen(): Promise<void> {
  isListening = true;
  try {
    const door = new TcpDoor(desk, limits);
    for (const address of addresses) {
      const udp = createUdpSocket(address, desk).bind({ port, address, exclusive: true });
      const tcp = door.createServer().listen({ port, host: address, exclusive: true, ipv6Only: address.includes(":") });
      await Promise.all([once(udp, "listening"), once(tcp, "listening")]);
    }
    say({ kind: "listening" });
  } catch (error) {
    say({ kind: "failed", reason: reasonOf(error) });
    end();
  }
}

/** One at a time: a dock that is busy is not sent more than it takes. */
function report(): void {
  if (!isHeard) return;
  isHeard = false;
  say({ kind: "report", report: desk.refusals.take() });
}

function say(word: WordOfResolver): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

function end(): void {
  process.exit(0);
}
