/** What other tools have made of a host's network: their firewall rules, routes and bridges, without what is a dock's. */
import type { Neighbours } from "./neighbours.ts";

/** A text to compare, without counts. @param tag of the dock whose traces are left out */
export function readHostTraces(hosts: Neighbours, tag: string): string {
  const run = (...words: readonly string[]) => hosts.run("host", words);
  const tables = run("nft", "list", "tables")
    .split("\n")
    .filter((line) => line !== "" && !line.includes(`isc_${tag}`));
  const rules = tables.map((table) => run("nft", "-s", "list", ...table.split(" ")));
  const routes = [
    run("ip", "route", "show", "table", "all"),
    run("ip", "-6", "route", "show", "table", "all"),
    run("ip", "rule"),
    run("ip", "-6", "rule"),
  ];
  const links = [run("ip", "-brief", "link", "show", "type", "bridge"), run("ip", "-brief", "address")];
  return [...rules, ...routes, ...links]
    .join("")
    .split("\n")
    .filter((line) => !line.includes(`isc${tag}-`) && !line.includes(`iscadm isc_${tag}`))
    .join("\n");
}
