/** Stack files of tests' own: nginx on nginx on nginx, so that a page has come through every tier. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { TestDock } from "./dock.ts";

export interface TierSite {
  readonly port: number;
  /** What it hands on to; a page of its own when absent. */
  readonly upstream?: string;
}

/** An inline blueprint of nginx: as YAML flow text. */
export function tier({ port, upstream }: TierSite, keys: readonly string[] = []): string {
  // Twice the same: what fails on one connection is tried on another instance.
  const servers = `server ${upstream} max_fails=0; server ${upstream} max_fails=0; keepalive 4;`;
  const pass =
    'proxy_pass http://next; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_connect_timeout 1s; proxy_read_timeout 1s; proxy_next_upstream error timeout http_502 http_504;';
  const site =
    upstream === undefined
      ? `server { listen ${port}; listen [::]:${port}; location / { return 200 "page of $hostname\\n"; } }`
      : `upstream next { ${servers} } server { listen ${port}; listen [::]:${port}; keepalive_requests 200; location = /self { return 200 "self $hostname\\n"; } location / { ${pass} } }`;
  const fields = [
    "from: { debian: bookworm, packages: [nginx-light] }",
    "services: { nginx: {} }",
    `network: { listen: [${port}] }`,
    `files: { /etc/nginx/sites-enabled/default: { content: ${JSON.stringify(site)} } }`,
    "limits: { memory: 64MiB, cpu: 200%, processes: 32 }",
    ...keys,
  ];
  return `{ ${fields.join(", ")} }`;
}

export interface StackText {
  readonly name?: string;
  readonly networks?: string;
  /** One flow mapping for each member, without its blueprint. */
  readonly members: Readonly<Record<string, { readonly blueprint: string; readonly keys: string }>>;
  readonly flows: readonly string[];
  readonly rest?: readonly string[];
}

export function renderStack({ name = "shop", networks = "{ front: {}, back: {} }", members, flows, rest = [] }: StackText): string {
  return [
    "isc-stack: 1",
    `name: ${name}`,
    `networks: ${networks}`,
    "iscs:",
    ...Object.entries(members).map(([member, { blueprint, keys }]) => `  ${member}: { blueprint: ${blueprint}, ${keys} }`),
    "flows:",
    ...flows.map((flow) => `  - ${flow}`),
    ...rest,
    "",
  ].join("\n");
}

/** @returns the file's path; the same name is written over */
export function writeStack(dock: TestDock, text: string, file = "shop.yaml"): string {
  const directory = `${dock.layout.root}/../stacks`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/${file}`, text);
  return `${directory}/${file}`;
}

/** web ×2 → app ×count → db, exposed on 8080. */
export function shop({
  count = 2,
  more = [],
  rest = [],
  appKeys = "",
}: {
  readonly count?: number;
  readonly more?: readonly string[];
  readonly rest?: readonly string[];
  readonly appKeys?: string;
} = {}): string {
  return renderStack({
    members: {
      web: { blueprint: tier({ port: 80, upstream: "app.front.isc:8000" }), keys: "networks: [front], count: 2, expose: { 8080: 80 }" },
      app: {
        blueprint: tier({ port: 8000, upstream: "db.back.isc:5000" }, ['health: { http: ":8000/self", every: 1s, failures: 2 }']),
        keys: `networks: [front, back], count: ${count}${appKeys}`,
      },
      db: { blueprint: tier({ port: 5000 }), keys: "networks: [back]" },
    },
    flows: ["{ from: web, to: app, port: 8000 }", "{ from: app, to: db, port: 5000 }", ...more],
    rest,
  });
}
