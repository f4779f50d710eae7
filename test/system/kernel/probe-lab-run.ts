/** Runs in the namespace of a lab's host: tests its networks as told on standard input, and prints what was found and what the firewall's sensor told. */

import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../../src/engine/engine.ts";
import { testNetworks } from "../../../src/engine/network-test/test-networks.ts";
import { startFirewall } from "../../../src/engine/watch/firewall.ts";
import { createLocalHost } from "../../../src/host/local-host.ts";
import { closeKernel, openKernel } from "../../../src/host/local-kernel.ts";
import type { EventDraft } from "../../../src/model/event.ts";
import { parseDockIdentity } from "../../../src/model/identity.ts";
import type { IscEnd } from "../../../src/plan/stack/probe-model.ts";
import { ProbeBook } from "../../../src/plan/watch/probe-book.ts";

const { ends, pins, outside, logGroup } = JSON.parse(await text(process.stdin));
const kernel = openKernel();
const host = createLocalHost(kernel);
const book = new ProbeBook();
const told: string[] = [];
// All that the sensor asks of an engine.
const engine = {
  host,
  dock: parseDockIdentity("0b12", "10.77.0.0/16"),
  firewall: { logGroup, countRefused: () => new Map() },
  iscs: { list: () => [] },
  events: { emit: ({ message }: EventDraft) => void told.push(message) },
  probeBook: book,
} as unknown as Engine;
const sensor = await startFirewall(engine, { restore: false });
const start = performance.now();
const ownNetworks = ["10.77.0.0/16", "10.78.0.0/16", "fd77::/16", "fd78::/16"];
const probes = await testNetworks(host, { ends, ownNetworks, pinOf: (name) => pins[name], outside, book });
const tookMs = performance.now() - start;
// Until the log has told everything.
await sleep(600);
const links: readonly string[] = ends.iscs.flatMap((isc: IscEnd) => isc.interfaces.map(({ link }) => link));
await sensor[Symbol.asyncDispose]();
const unlogged = ["out", "in", "spoof"].map((refusal) => [refusal, links.reduce((sum, link) => sum + book.account(refusal, link, 1e9), 0)]);
process.stdout.write(JSON.stringify({ probes, tookMs, unlogged: Object.fromEntries(unlogged), told }));
await closeKernel(kernel);
