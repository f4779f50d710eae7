import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Forward } from "../../model/dock-config.ts";
import type { EventDraft } from "../../model/event.ts";
import { layoutOf } from "../../model/layout.ts";
import { type Ledger, openLedger } from "../../store/ledger/ledger.ts";
import { parseLedgerLine } from "../../store/ledger/ledger-line.ts";
import { Forwarder } from "./forwarder.ts";
import { renderSyslog } from "./syslog-message.ts";

let root: string;
let ledger: Ledger;
const quiet = pino({ level: "silent" });
const draft = (message: string, severity: EventDraft["severity"] = "alert"): EventDraft => ({
  sensor: "exec",
  severity,
  kind: "exec.denied",
  message,
  facts: { path: '/tmp/"x]' },
});

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), "isc-forward-"));
  ledger = await openLedger(layoutOf({ root, run: `${root}/run` }));
});
afterEach(async () => {
  await ledger.close();
  rmSync(root, { recursive: true });
});

/** Waits for what arrives; bounded. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(10);
  }
  return assert.fail("it never came");
}

async function collect(place: string): Promise<{ readonly server: Server; readonly text: () => string }> {
  let text = "";
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
  });
  server.listen(place);
  await once(server, "listening");
  return { server, text: () => text };
}

test("an event is one RFC 5424 message, whatever its facts hold", () => {
  const event = { ...draft("denied\n/tmp/x"), seq: 7, time: "2026-03-01T12:30:05.000Z" };
  assert.equal(
    renderSyslog(event, "host one").replace(/ iscadm \d+ /, " iscadm PID "),
    '<105>1 2026-03-01T12:30:05.000Z host_one iscadm PID exec.denied [isc@32473 path="/tmp/\\"x\\]" seq="7" sensor="exec" severity="alert"] \uFEFFdenied /tmp/x',
  );
});

test("syslog goes over UDP, from now on, and from its severity on", async () => {
  ledger.emit(draft("before"));
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const messages: string[] = [];
  socket.on("message", (bytes) => messages.push(bytes.toString()));
  const target = { kind: "udp", host: "127.0.0.1", port: socket.address().port } as const;
  await using _forwarder = new Forwarder(ledger, { format: "syslog", target, severity: "warning" }, quiet);
  ledger.emit(draft("too small", "info"));
  ledger.emit(draft("first"));
  ledger.emit(draft("second"));
  await until(() => messages.find((message) => message.endsWith("second")));
  socket.close();
  assert.deepEqual(
    messages.map((message) => message.split("\uFEFF")[1]),
    ["first", "second"],
  );
});

test("what nobody took is sent once somebody listens, also by the next dock, and is told", async () => {
  const forward: Forward = { format: "json", target: { kind: "unix", path: `${root}/collector` }, severity: "info" };
  const first = new Forwarder(ledger, forward, quiet);
  ledger.emit(draft("one"));
  await sleep(50);
  await first[Symbol.asyncDispose]();
  const { server, text } = await collect(`${root}/collector`);
  const second = new Forwarder(ledger, forward, quiet);
  ledger.emit(draft("two"));
  await until(() => (text().includes('"two"') ? true : undefined));
  await second[Symbol.asyncDispose]();
  server.close();
  const kinds = text()
    .trimEnd()
    .split("\n")
    .map((line) => parseLedgerLine(line)?.event.kind);
  assert.deepEqual(kinds, ["ledger.signed", "exec.denied", "forward.failed", "exec.denied"]);
});

test("a file gets every line, and can be rotated", async () => {
  const file = `${root}/copy.jsonl`;
  await using _forwarder = new Forwarder(ledger, { format: "json", target: { kind: "file", path: file }, severity: "info" }, quiet);
  ledger.emit(draft("one"));
  await until(() => (read(file).includes('"one"') ? true : undefined));
  rmSync(file);
  ledger.emit(draft("two"));
  await until(() => (read(file).includes('"two"') ? true : undefined));
});

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
