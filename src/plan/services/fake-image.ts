/** A made-up image for tests: accounts of Debian's base and of the usual servers, files by path. */
import { readFileSync } from "node:fs";
import { ProgramKnowledgeFile } from "../../model/program-knowledge.ts";
import type { ImageFacts, ImageFile } from "./image-facts.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
redis:x:101:102::/var/lib/redis:/usr/sbin/nologin
memcache:x:102:103:Memcached,,,:/nonexistent:/bin/false
postgres:x:103:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash
haproxy:x:104:105::/var/lib/haproxy:/usr/sbin/nologin
mosquitto:x:105:106::/var/lib/mosquitto:/usr/sbin/nologin
mysql:x:106:107:MySQL Server,,,:/nonexistent:/bin/false
unbound:x:107:108::/var/lib/unbound:/usr/sbin/nologin
`;

const group = `root:x:0:
www-data:x:33:
ssl-cert:x:101:postgres
redis:x:102:
memcache:x:103:
postgres:x:104:
haproxy:x:105:
mosquitto:x:106:
mysql:x:107:
unbound:x:108:
`;

const directory = (uid: number, gid: number, mode: number): ImageFile => ({ kind: "directory", mode, uid, gid });

const directories: Readonly<Record<string, ImageFile>> = {
  "/var/lib/nginx": directory(0, 0, 0o755),
  "/var/lib/redis": directory(101, 102, 0o750),
  "/var/log/redis": directory(101, 4, 0o2750),
  "/etc/redis": directory(101, 102, 0o2770),
  "/var/lib/postgresql": directory(103, 104, 0o755),
  "/var/lib/mosquitto": directory(105, 106, 0o755),
  "/var/lib/mysql": directory(106, 107, 0o755),
  "/var/lib/unbound": directory(107, 108, 0o755),
};

export function fakeImage(texts: Readonly<Record<string, string>> = {}): ImageFacts {
  const isText = (path: string) => Object.hasOwn(texts, path);
  return {
    passwd,
    group,
    find: (path) => directories[path] ?? (isText(path) ? { kind: "file", mode: 0o644, uid: 0, gid: 0 } : undefined),
    readText: (path) => (isText(path) ? texts[path] : undefined),
  };
}

export function readSampleUnit(name: string): string {
  return readFileSync(new URL(`samples/${name}`, import.meta.url), "utf8");
}

export function readKnowledge() {
  return ProgramKnowledgeFile.parse(JSON.parse(readFileSync(new URL("../../../profiles/programs.json", import.meta.url), "utf8"))).programs;
}
