/**
 * What many flows cost: the requests that one flow carries where a stack has ten of them, and where it has two thousand; the same way
 * without any firewall, for scale; and how long the whole table of two thousand takes to load.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tableName } from "../../../src/model/identity.ts";
import { addressOf } from "../../system/support/hosts-file.ts";
import { startBareNginx } from "../bare-nginx.ts";
import { type Bench, timeMs } from "../bench.ts";
import { pidOf, wrapInside } from "../inside.ts";
import { Machine } from "../machine.ts";
import type { Endpoint } from "../wait-for-answer.ts";
import { measureLoadFrom } from "../wrk.ts";

const few = 10;
const many = 2_000;
/** Of app, beside the one that is measured. */
const furtherPorts = Array.from({ length: 60 }, (_, index) => 10_000 + index);
const ways = ["keep-alive", "new connection each"] as const;
const load = {
  id: "flows-load",
  title: `the firewall of ${many.toLocaleString("en")} flows, loaded in one transaction`,
  unit: "ms",
} as const;

export async function measureFlows(bench: Bench, blueprint: string): Promise<void> {
  const { iscadm, options } = bench;
  const directory = bench.area.directory("flows");
  const file = path.join(directory, "flows.yaml");
  const up = async (flows: number) => {
    writeFileSync(file, renderFlows(flows));
    await iscadm.client.call("stack-up", { file });
  };
  cpSync(path.dirname(blueprint), directory, { recursive: true });
  changeFile(path.join(directory, "web.yaml"), (text) => text.replace("listen: [80]", `listen: [${[80, ...furtherPorts].join(", ")}]`));
  changeFile(path.join(directory, "site.conf"), (text) =>
    text.replace("{", `{\n${furtherPorts.map((port) => `  listen ${port};`).join("\n")}`),
  );
  writeFileSync(file, renderFlows(few));
  await iscadm.withArchive(async () => void (await iscadm.client.call("stack-diff", { file })));
  // A process of the host in an ISC's network would have it reset.
  await iscadm.configure("respond: { mode: observe }");
  try {
    for (let round = 0; round < Math.max(options.rounds, options.small ? 1 : 9); round++) {
      // A B, B A: what slows the machine down in a while hits both.
      const order = round % 2 === 0 ? [few, many] : [many, few];
      const rates = new Map<string, number>();
      for (const flows of order) {
        await up(flows);
        const pid = await pidOf(iscadm, "flows-web");
        const endpoint = { address: addressOf(pid, "app"), port: 80 };
        for (const way of ways) rates.set(`${flows} ${way}`, await measureRate(bench, { pid, endpoint, way, title: titleOf(flows) }));
      }
      for (const way of ways) {
        const ratio = (rates.get(`${many} ${way}`) ?? 0) / (rates.get(`${few} ${way}`) ?? 1);
        bench.measurements.add({ id: `flows-ratio ${way}`, title: `${titleOf(many)} against ${few}, ${way}`, unit: "×" }, "iscadm", ratio);
      }
    }
    await up(many);
    await measureTable(bench);
  } finally {
    await iscadm.takeDown("flows");
    await iscadm.configure("");
  }
  await measureRaw(bench);
}

function changeFile(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function titleOf(flows: number): string {
  return `${flows.toLocaleString("en")} flows`;
}

/** web → app, and others: some to further ports of app, most to addresses outside. */
function renderFlows(count: number): string {
  const further = Array.from({ length: count - 1 }, (_, index) => {
    const port = furtherPorts[index % 20 === 0 ? index / 20 : furtherPorts.length];
    return port === undefined
      ? `{ from: web, to: 198.18.${index >> 8}.${index & 255}, port: ${400 + (index % 100)} }`
      : `{ from: web, to: app, port: ${port} }`;
  });
  return [
    "isc-stack: 1",
    "name: flows",
    "networks: { main: { outward: true } }",
    "iscs: { web: { blueprint: ./web.yaml }, app: { blueprint: ./web.yaml } }",
    "flows:",
    ...["{ from: web, to: app, port: 80 }", ...further].map((flow) => `  - ${flow}`),
    "",
  ].join("\n");
}

interface Load {
  readonly pid: number;
  readonly endpoint: Endpoint;
  readonly way: (typeof ways)[number];
  readonly title: string;
}

async function measureRate({ measurements, options }: Bench, { pid, endpoint, way, title }: Load, who: "iscadm" | "bare nginx" = "iscadm") {
  const wrap = (program: string, words: readonly string[]) => wrapInside(pid, program, words);
  const rate = await measureLoadFrom(wrap, endpoint, { seconds: options.small ? 1 : 2, newConnections: way === "new connection each" });
  measurements.add({ id: `flows ${title} ${way}`, title: `requests, ${way}, ${title}`, unit: "requests/s" }, who, rate);
  return rate;
}

/** The kernel's own listing of the table, into a machine without one: once as new, once in the place of what is there. */
async function measureTable({ area, iscadm, measurements, options }: Bench): Promise<void> {
  const table = `inet ${tableName(iscadm.dock)}`;
  const listing = await iscadm.machine.run("nft", ["list", "table", ...table.split(" ")]);
  const machine = await Machine.make(area, { number: 6 });
  for (let round = 0; round <= options.rounds; round++) {
    const input = `table ${table} {}\ndelete table ${table}\n${listing}`;
    const took = await timeMs(() => machine.run("nft", ["-f", "-"], { input }));
    if (round > 0) measurements.add(load, "iscadm", took);
  }
}

/** The same nginx without container and firewall, asked from the host: one link on the way, not two. */
async function measureRaw(bench: Bench): Promise<void> {
  const endpoint = await startBareNginx(bench.area, 4, bench.root);
  for (let round = 0; round < Math.max(3, Math.ceil(bench.options.rounds / 2)); round++) {
    for (const way of ways) await measureRate(bench, { pid: process.pid, endpoint, way, title: "no firewall" }, "bare nginx");
  }
}
