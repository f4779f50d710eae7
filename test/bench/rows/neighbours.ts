/**
 * What an ISC that floods does to a neighbour's requests, as far as its limits let it: each kind of flood against the quiet of the same
 * round, and against the same ISC computing without a word.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { addressOf } from "../../system/support/hosts-file.ts";
import type { Bench } from "../bench.ts";
import { floodConnections, floodPackets, floodQuestions, keepBusy, probe } from "../flood.ts";
import { pidOf, wrapInside } from "../inside.ts";
import { run } from "../run-program.ts";
import { percentile } from "../statistics.ts";

const settleMs = 300;

export async function measureNeighbours(bench: Bench, blueprint: string): Promise<void> {
  const { iscadm, options } = bench;
  const file = path.join(path.dirname(blueprint), "neighbours.yaml");
  writeFileSync(file, renderNeighbours(blueprint));
  await iscadm.withArchive(async () => {
    await iscadm.client.call("stack-diff", { file });
  });
  // It is left to flood; and a process of the host in an ISC's network would have that reset.
  await iscadm.configure("respond: { mode: observe }");
  try {
    await iscadm.client.call("stack-up", { file });
    const [client, noisy] = await Promise.all(["neighbours-client", "neighbours-noisy"].map((name) => pidOf(iscadm, name)));
    const seconds = options.small ? 1 : 3;
    const [app, sink] = [addressOf(client ?? 0, "app"), addressOf(noisy ?? 0, "sink")];
    const floods = {
      nothing: keepBusy(seconds + 1),
      "packets, declared flow": floodPackets(sink, 9, seconds + 1),
      "packets, closed port": floodPackets(sink, 10, seconds + 1),
      connections: floodConnections(addressOf(noisy ?? 0, "app"), 80, seconds + 1),
      "DNS questions": floodQuestions(resolverOf(noisy ?? 0), seconds + 1),
    };
    const ask = () => measureLatency(client ?? 0, app, seconds);
    for (let round = 0; round <= options.rounds; round++) {
      const quiet = await ask();
      const latencies = new Map<string, Latency>();
      for (const [title, script] of Object.entries(floods)) {
        const [latency] = await Promise.all([sleep(settleMs).then(ask), flood(bench, script)]);
        latencies.set(title, latency);
      }
      if (round > 0) record(bench, quiet, latencies);
    }
  } finally {
    await iscadm.takeDown("neighbours");
    await iscadm.configure("");
  }
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Each kind of flood against the quiet, and against a neighbour that only computes: the processor has to be shared with that one, too. */
function record({ measurements }: Bench, quiet: Latency, latencies: ReadonlyMap<string, Latency>): void {
  const add = (id: string, title: string, unit: "µs" | "×", value: number) => measurements.add({ id, title, unit }, "iscadm", value);
  for (const which of ["p50", "p99"] as const) {
    add(`quiet ${which}`, `request, ${which}, quiet`, "µs", quiet[which]);
    for (const [title, latency] of latencies) add(`flood ${title} ${which}`, `request, ${which}, flood of ${title}`, "µs", latency[which]);
  }
  const busy = latencies.get("nothing");
  for (const [title, { p50, p99 }] of latencies) {
    add(`flood-p50 ${title}`, `p50 against quiet, flood of ${title}`, "×", p50 / quiet.p50);
    if (busy && title !== "nothing") add(`flood-p99 ${title}`, `p99 against a busy neighbour's, flood of ${title}`, "×", p99 / busy.p99);
  }
}

/** A request every few milliseconds: their own load is none to speak of. */
async function measureLatency(pid: number, address: string, seconds: number): Promise<Latency> {
  const output = await run(...wrapInside(pid, "perl", ["-e", probe(address, 80, seconds * 150)]));
  const values = output.trim().split("\n").map(Number);
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

/** Inside, by the ISC's own means: what it spends of the processor is its own share. */
async function flood({ iscadm }: Bench, script: string): Promise<void> {
  const { exitCode } = await iscadm.client.call("exec", { name: "neighbours-noisy", command: ["/usr/bin/perl", "-e", script] });
  if (exitCode !== 0) throw new Error(`the flood ended with exit code ${exitCode}`);
}

function resolverOf(pid: number): string {
  const address = /^nameserver (\d\S+)/m.exec(readFileSync(`/proc/${pid}/root/etc/resolv.conf`, "utf8"))?.[1];
  if (address === undefined) throw new Error("the stack has no resolver");
  return address;
}

/** client → app is measured; noisy may connect to app, too, and send to sink, both with limits, and has a quarter of a processor. */
function renderNeighbours(blueprint: string): string {
  const web = `{ blueprint: ./${path.basename(blueprint)} }`;
  // With Perl, so not slim.
  const from = "from: { debian: bookworm, packages: [nginx-light] }, slim: false";
  const swallow = `use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 17); bind($s, sockaddr_in(9, INADDR_ANY)); 1 while defined recv($s, my $b, 64, 0)`;
  const sink = `${from}, services: { sink: { command: [/usr/bin/perl, -e, ${JSON.stringify(swallow)}], user: nobody } }, network: { listen: ["9/udp"] }`;
  const noisy = `${from}, services: { nginx: {} }, network: { listen: [80] }, limits: { memory: 64MiB, cpu: 25%, processes: 32 }`;
  return [
    "isc-stack: 1",
    "name: neighbours",
    "iscs:",
    `  client: ${web}`,
    `  app: ${web}`,
    `  sink: { blueprint: { ${sink} } }`,
    `  noisy: { blueprint: { ${noisy} }, limits: { packets: 2000, connections: 100, new-connections: 100 } }`,
    "flows:",
    "  - { from: client, to: app, port: 80 }",
    "  - { from: noisy, to: app, port: 80 }",
    "  - { from: noisy, to: sink, port: 9/udp, packets: 1000 }",
    "",
  ].join("\n");
}
