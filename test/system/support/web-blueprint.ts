/** Blueprints of tests' own around nginx: the ready one's packages, so that its layers are shared. */
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestDock } from "./dock.ts";

const ready = fileURLToPath(new URL("../../../blueprints/nginx/", import.meta.url));

/** @param keys more of the blueprint, as YAML lines @param site replaces nginx's site. @returns the image's digest */
export async function buildWeb(dock: TestDock, keys: readonly string[], site?: string): Promise<string> {
  return (await dock.client.call("build", { blueprint: writeWeb(dock, keys, site) })).digest;
}

export function writeWeb(dock: TestDock, keys: readonly string[], site?: string): string {
  mkdirSync(`${dock.layout.root}/../blueprints`, { recursive: true });
  const directory = mkdtempSync(`${dock.layout.root}/../blueprints/web-`);
  cpSync(ready, directory, { recursive: true });
  if (site !== undefined) writeFileSync(`${directory}/site.conf`, site);
  const text = [
    "isc: 1",
    "name: web",
    "from: { debian: bookworm, packages: [nginx-light] }",
    "services: { nginx: {} }",
    "files: { /etc/nginx/sites-enabled/default: ./site.conf, /var/www/html/: ./html/ }",
    ...(keys.some((key) => key.startsWith("network:")) ? [] : ["network: { listen: [80] }"]),
    ...keys,
  ];
  writeFileSync(`${directory}/web.yaml`, `${text.join("\n")}\n`);
  return `${directory}/web.yaml`;
}
