/** Runs in the namespace of a lab's host: tests its networks as told on standard input, and prints what was found. */
import { text } from "node:stream/consumers";
import { testNetworks } from "../../../src/engine/network-test/test-networks.ts";
import { closeKernel, openKernel } from "../../../src/host/local-kernel.ts";
import { createLocalHost } from "../../../src/host/local-host.ts";
import type { IscEnd } from "../../../src/plan/stack/probe-model.ts";
import { ProbeBook } from "../../../src/plan/watch/probe-book.ts";

const { ends, pins, outside } = JSON.parse(await text(process.stdin));
const kernel = openKernel();
const host = createLocalHost(kernel);
const book = new ProbeBook();
const start = performance.now();
const ownNetworks = ["10.77.0.0/16", "10.78.0.0/16", "fd77::/16", "fd78::/16"];
const probes = await testNetworks(host, { ends, ownNetworks, pinOf: (name) => pins[name], outside, book });
const tookMs = performance.now() - start;
const links: readonly string[] = ends.iscs.flatMap((isc: IscEnd) => isc.interfaces.map(({ link }) => link));
const known = ["out", "in", "spoof"].map((refusal) => [refusal, links.reduce((sum, link) => sum + book.account(refusal, link, 1e9), 0)]);
process.stdout.write(JSON.stringify({ probes, tookMs, known: Object.fromEntries(known) }));
await closeKernel(kernel);
