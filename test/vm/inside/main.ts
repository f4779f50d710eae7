/** Runs in the virtual machine: its tests, each result a line of JSON through the virtio port to the host. */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { uptime } from "node:os";
import { run } from "node:test";
import type { GuestLine } from "../guest-line.ts";

const port = findPort("results");
const send = (line: GuestLine) => appendFileSync(port, `${JSON.stringify(line)}\n`);

const events = run({ files: [new URL("dock.test.ts", import.meta.url).pathname], isolation: "none", concurrency: false });
events.on("test:start", ({ name, nesting }) => {
  if (nesting === 0) console.log(`vm: ${Math.round(uptime())} s: ${name}`);
});
events.on("test:pass", ({ name, nesting, skip, details }) => {
  if (nesting > 0) return;
  const tookMs = Math.round(details.duration_ms);
  send(skip === undefined ? { kind: "passed", title: name, tookMs } : { kind: "skipped", title: name, tookMs, words: String(skip) });
});
events.on("test:fail", ({ name, nesting, details }) => {
  if (nesting > 0) return;
  const { cause } = details.error;
  const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? details.error.stack);
  send({ kind: "failed", title: name, tookMs: Math.round(details.duration_ms), words });
});
events.on("test:diagnostic", ({ message }) => {
  send({ kind: "note", words: message });
});
for await (const _ of events);
send({ kind: "end" });
// A dock that a failed test left behind would keep this process.
process.exit();

function findPort(name: string): string {
  const root = "/sys/class/virtio-ports";
  const found = readdirSync(root).find((entry) => readFileSync(`${root}/${entry}/name`, "utf8").trim() === name);
  if (found === undefined) throw new Error(`this machine has no virtio port called ${name}`);
  return `/dev/${found}`;
}
