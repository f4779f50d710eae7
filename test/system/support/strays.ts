/** What a dock has on the machine for ISCs that do not run: there should be nothing. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IscSummary } from "../../../src/model/isc.ts";
import type { TestDock } from "./dock.ts";
import { linkNames, namesInCgroups } from "./leftovers.ts";

export async function findStrays(dock: TestDock, iscs: readonly IscSummary[]): Promise<readonly string[]> {
  const running = new Set(iscs.filter(({ status }) => status === "running").map(({ name }) => String(name)));
  const known = new Set(iscs.map(({ name }) => String(name)));
  return [
    ...listOf(dock.layout.lives)
      .filter((name) => !running.has(serviceIn(name)))
      .map((name) => `live directory of ${name}`),
    ...listOf(dock.layout.iscs)
      .filter((name) => !known.has(name))
      .map((name) => `record directory of ${name}`),
    ...listOf(dock.layout.temporary).map((name) => `temporary ${name}`),
    ...[...namesInCgroups(dock.tag)].filter((name) => !running.has(serviceIn(name))).map((name) => `cgroup of ${name}`),
    ...mountsOf(dock)
      .filter((name) => !running.has(serviceIn(name)))
      .map((name) => `mount of ${name}`),
    ...(listOf(dock.layout.lives).length > running.size ? [`live directories ${listOf(dock.layout.lives).join(" ")}`] : []),
    ...(linkNames(dock.tag).length > running.size ? [`links ${linkNames(dock.tag).join(" ")} for ${running.size} running`] : []),
  ];
}

/** After a cleanse an ISC's parts are called `web.7`. */
function serviceIn(name: string): string {
  return name.split(".")[0] ?? "";
}

/** Names of ISCs with mounts in the dock's own mount namespace. */
function mountsOf(dock: TestDock): readonly string[] {
  const lives = `${dock.layout.lives}/`;
  const table = readFileSync(`/proc/${dock.pid}/mountinfo`, "utf8").split("\n");
  return table
    .map((line) => line.split(" ")[4] ?? "")
    .filter((place) => place.startsWith(lives))
    .map((place) => place.slice(lives.length).split("/")[0] ?? "");
}

function listOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
