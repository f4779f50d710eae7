/** Stacks of many small ISCs: each is one static program that serves a page, so that a hundred of them fit on a small machine. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Debian's static busybox. */
const busybox = "/bin/busybox";

/** Where every ISC serves. */
export const tinyPort = 8_000;

/** The folder `root` beside the stack file, which the blueprints of `renderTiny` are built from. */
export function makeTinyRoot(directory: string): void {
  const root = path.join(directory, "root");
  for (const place of ["bin", "etc", "srv"]) mkdirSync(path.join(root, place), { recursive: true });
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0::/:/bin/busybox\nhttp:x:1000:1000::/srv:/bin/busybox\n");
  writeFileSync(path.join(root, "etc/group"), "root:x:0:\nhttp:x:1000:\n");
  writeFileSync(path.join(root, "srv/index.html"), "a page\n");
}

/** Its blueprint, as YAML flow text. */
export const tinyBlueprint =
  `{ name: tiny, from: { directory: ./root }, ` +
  `services: { httpd: { command: [/bin/busybox, httpd, -f, -p, "${tinyPort}", -h, /srv], user: http } }, ` +
  `network: { listen: [${tinyPort}] }, limits: { memory: 32MiB, processes: 16 }, scratch: 8MiB }`;

export interface WideStack {
  readonly name: string;
  readonly tiers: number;
  /** ISCs of each tier. */
  readonly count: number;
  /** Flows beside those from each tier to the next: to addresses outside that nobody has. */
  readonly outward?: number;
}

/** Tiers in a row: each may connect to the next, and to nothing else of the stack. */
export function renderWide({ name, tiers, count, outward = 0 }: WideStack): string {
  const names = Array.from({ length: tiers }, (_, tier) => `tier${tier}`);
  const flows = names.slice(1).map((to, tier) => `{ from: tier${tier}, to: ${to}, port: ${tinyPort} }`);
  const further = Array.from(
    { length: outward },
    (_, index) => `{ from: tier${index % tiers}, to: 198.18.${index >> 8}.${index & 255}, port: ${1_024 + (index % 7_000)} }`,
  );
  return [
    "isc-stack: 1",
    `name: ${name}`,
    `networks: { main: ${outward > 0 ? "{ outward: true }" : "{}"} }`,
    "iscs:",
    ...names.map((tier) => `  ${tier}: { blueprint: ${tinyBlueprint}, count: ${count} }`),
    "flows:",
    ...[...flows, ...further].map((flow) => `  - ${flow}`),
    "",
  ].join("\n");
}
