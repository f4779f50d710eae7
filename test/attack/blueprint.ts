/** The two services that are attacked: one as it should be, one whose operator declared nearly everything. */
import { cpSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Area } from "../bench/area.ts";
import { declaredPort } from "./world.ts";

const web = fileURLToPath(new URL("../bench/web/", import.meta.url));

/** What an operator could declare who has given up: every capability by which something is known to break out. */
export const mistakenCapabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "KILL",
  "SETGID",
  "SETUID",
  "LINUX_IMMUTABLE",
  "NET_ADMIN",
  "NET_RAW",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "MKNOD",
  "SETFCAP",
  "SYSLOG",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "PERFMON",
  "BPF",
] as const;

/** @returns the blueprint file */
export function writeBlueprint(area: Area, name: "victim" | "mistake", outside: string): string {
  const folder = area.directory("blueprints", outside, name);
  cpSync(web, folder, { recursive: true });
  const careless = name === "mistake";
  const lines = [
    "isc: 1",
    `name: ${name}`,
    "from: { debian: bookworm, packages: [nginx-light] }",
    `services: { nginx: { ${careless ? "user: root" : ""} } }`,
    "files: { /etc/nginx/sites-enabled/default: ./site.conf, /var/www/html/: ./html/ }",
    `network: { listen: [80], connect: ["${outside}:${declaredPort}/udp"] }`,
    "limits: { memory: 128MiB, cpu: 100%, processes: 64 }",
    "scratch: 16MiB",
    "volumes: { data: { at: /srv/data, size: 16MiB } }",
    ...(careless ? ["writes: flexible", `rights: { capabilities: [${mistakenCapabilities.join(", ")}] }`] : []),
  ];
  const file = `${folder}/${name}.yaml`;
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
