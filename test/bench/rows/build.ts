/** Building again: after a change of one file, and with another set of packages on the same base. */
import { randomInt } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Bench, timeMs } from "../bench.ts";

const rebuild = { id: "rebuild", title: "build after one changed file", unit: "ms" } as const;
const repackage = { id: "repackage", title: "build with another package set", unit: "ms" } as const;
/** Small packages without many dependencies. Some of them at random make a set that no cache holds, not even one kept from an earlier run. */
const smallPackages = ["bc", "ed", "dc", "tree", "file", "less", "bzip2", "lzip", "pv", "jo", "time", "units"];
const extraCount = 4;

/** @param blueprint the run's own copy, which it may change */
export function measureBuild(bench: Bench, blueprint: string): Promise<void> {
  return bench.iscadm.withArchive(() => measureBuilds(bench, blueprint));
}

async function measureBuilds({ iscadm, measurements, options }: Bench, blueprint: string): Promise<void> {
  const page = path.join(path.dirname(blueprint), "html/index.html");
  for (let round = 0; round < Math.min(options.rounds, 5); round++) {
    appendFileSync(page, `<!-- ${Date.now()} -->\n`);
    measurements.add(rebuild, "iscadm", await timeMs(() => iscadm.client.call("build", { blueprint })));
  }
  const text = readFileSync(blueprint, "utf8");
  for (let round = 0; round < (options.small ? 1 : 3); round++) {
    writeFileSync(blueprint, text.replace("packages: [nginx-light]", `packages: [nginx-light, ${pickPackages().join(", ")}]`));
    measurements.add(repackage, "iscadm", await timeMs(() => iscadm.client.call("build", { blueprint })));
  }
  writeFileSync(blueprint, text);
}

function pickPackages(): readonly string[] {
  const left = [...smallPackages];
  return Array.from({ length: extraCount }, () => left.splice(randomInt(left.length), 1)).flat();
}
