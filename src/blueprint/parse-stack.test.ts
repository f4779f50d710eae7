import assert from "node:assert/strict";
import { test } from "node:test";
import type { StackMember } from "../model/stack.ts";
import { mistakeOf, mistakesOf, place } from "./fake-stack-file.ts";
import { parseBlueprint } from "./parse-blueprint.ts";
import { parseStack } from "./parse-stack.ts";

const web = "{ blueprint: ./web.yaml }";
const inline = "from: { debian: bookworm }, services: { app: {} }";

test("the stack of the guide is read whole", () => {
  const text = `isc-stack: 1
name: shop
networks:
  front: {}
  back: { subnet: 10.50.1.0/24, subnet6: "FD00:1:2:3::/64", mtu: 1400 }
  out: { outward: true }
  vpn: { outward: { interface: wg0 } }
  far: { outward: 192.0.2.7 }
  further: { outward: { address: "2001:db8::7" } }
  closed: { outward: false }
iscs:
  web:
    blueprint: ./web/web.yaml
    networks: [front]
    expose: { 8080: 80, "53/udp": 53, "127.0.0.1:8443": 443 }
  app:
    blueprint: { ${inline} }
    count: 2
    networks: [front, back, out]
    connect: ["api.example.org:443", "10.0.0.0/8:53/udp"]
    secrets: [db-password, token, key]
    limits: { bandwidth: 100Mbit, packets: 20000, connections: 200, new-connections: 500 }
  db: { blueprint: db.yaml, networks: [back], limits: {} }
flows:
  - { from: web, to: app, port: 9000/tcp, network: front, bandwidth: 10Mbit/s, packets: 5000/s, connections: 50, new-connections: 100/s }
  - { from: app, to: db, ports: [5432, "53/udp"] }
  - { from: dock, to: db, port: 22 }
  - { from: app, to: api.example.org, port: 80, connections: 5 }
  - { from: app, to: "[2001:db8::]/32", port: 443, network: out }
  - { from: app, to: app, port: 7946 }
secrets:
  db-password: { file: ./db-password }
  key: { file: /etc/shop/key }
  token: stdin
`;
  const { members: named, ...stack } = parseStack(text, place);
  const members = new Map<string, StackMember>(Object.entries(named));
  assert.deepEqual(stack, {
    name: "shop",
    networks: {
      front: {},
      back: { subnet: "10.50.1.0/24", subnet6: "fd00:1:2:3::/64", mtu: 1400 },
      out: { uplink: { kind: "any" } },
      vpn: { uplink: { kind: "interface", interface: "wg0" } },
      far: { uplink: { kind: "address", address: "192.0.2.7" } },
      further: { uplink: { kind: "address", address: "2001:db8::7" } },
      closed: {},
    },
    flows: [
      {
        from: "web",
        to: { kind: "isc", isc: "app" },
        port: 9000,
        protocol: "tcp",
        network: "front",
        limits: { bitsPerSecond: 10_000_000, packetsPerSecond: 5_000, connections: 50, connectionsPerSecond: 100 },
      },
      { from: "app", to: { kind: "isc", isc: "db" }, port: 5432, protocol: "tcp" },
      { from: "app", to: { kind: "isc", isc: "db" }, port: 53, protocol: "udp" },
      { from: "dock", to: { kind: "isc", isc: "db" }, port: 22, protocol: "tcp" },
      { from: "app", to: { kind: "name", host: "api.example.org" }, port: 80, protocol: "tcp", limits: { connections: 5 } },
      { from: "app", to: { kind: "address", address: "2001:db8::/32" }, port: 443, protocol: "tcp", network: "out" },
      { from: "app", to: { kind: "isc", isc: "app" }, port: 7946, protocol: "tcp" },
      { from: "app", to: { kind: "name", host: "api.example.org" }, port: 443, protocol: "tcp" },
      { from: "app", to: { kind: "address", address: "10.0.0.0/8" }, port: 53, protocol: "udp" },
    ],
    secrets: {
      "db-password": { kind: "file", path: "/srv/shop/db-password" },
      key: { kind: "file", path: "/etc/shop/key" },
      token: { kind: "stdin" },
    },
  });
  assert.deepEqual([...members.keys()], ["web", "app", "db"]);
  assert.deepEqual(members.get("web"), {
    blueprint: { kind: "file", path: "/srv/shop/web/web.yaml" },
    networks: ["front"],
    expose: [
      { hostPort: 8080, port: 80, protocol: "tcp" },
      { hostPort: 53, port: 53, protocol: "udp" },
      { hostPort: 8443, port: 443, protocol: "tcp", address: "127.0.0.1" },
    ],
    secrets: [],
  });
  const { blueprint, ...app } = { ...members.get("app") };
  assert.deepEqual(app, {
    count: 2,
    networks: ["front", "back", "out"],
    expose: [],
    secrets: ["db-password", "token", "key"],
    limits: { bitsPerSecond: 100_000_000, packetsPerSecond: 20_000, connections: 200, connectionsPerSecond: 500 },
  });
  assert.equal(blueprint?.kind, "inline");
  assert.deepEqual(members.get("db"), {
    blueprint: { kind: "file", path: "/srv/shop/db.yaml" },
    networks: ["back"],
    expose: [],
    secrets: [],
  });
});

test("a stack of one member needs three lines", () => {
  assert.deepEqual(parseStack("isc-stack: 1\nname: shop\niscs: { web: { blueprint: web.yaml } }\n", place), {
    name: "shop",
    networks: { main: {} },
    members: { web: { blueprint: { kind: "file", path: "/srv/shop/web.yaml" }, networks: ["main"], expose: [], secrets: [] } },
    flows: [],
    secrets: {},
  });
});

test("a blueprint in the stack file means what it would mean in a file of its own beside it", () => {
  const body = `from: { oci: "oci:./image" }
services: { app: { command: "/bin/app --flag 'a b'" } }
files: { /etc/app.conf: ./app.conf, /etc/motd: { content: "a\\n  b: 'c'\\n", mode: "0640" } }
network: { listen: [9000] }
health: { tcp: 9000 }
cleanse: { every: 60s }
respond: { mode: observe }
`;
  const indented = body.replaceAll(/^/gm, "      ").trimEnd();
  const sourceIn = (text: string) => Object.values(parseStack(text, place).members)[0]?.blueprint;
  const source = sourceIn(`isc-stack: 1\nname: shop\niscs:\n  app:\n    blueprint:\n${indented}\n`);
  assert.ok(source?.kind === "inline");
  assert.equal(source.directory, "/srv/shop");
  const file = { file: "app.yaml", directory: "/srv/shop" };
  assert.deepEqual(
    parseBlueprint(source.text, { ...file, directory: source.directory }),
    parseBlueprint(`isc: 1\nname: app\n${body}`, file),
  );
  const named = sourceIn(`isc-stack: 1\nname: shop\niscs: { app: { blueprint: { isc: 1, name: base, ${inline} } } }`);
  assert.match(JSON.stringify(named), /name: base/);
});

test("mistakes in a blueprint have the lines and columns of the stack file", () => {
  const text = `isc-stack: 1
name: shop
iscs:
  app:
    blueprint:
      from: { debian: bookworm }
      services: { app: { usr: x } }
      writes: strickt
  db:
    blueprint: { ${inline}, health: { tcp: 80 } }
`;
  assert.deepEqual(mistakesOf(text), [
    'shop.yaml:7:26: iscs.app.blueprint.services.app.usr: unknown key, did you mean "user"?',
    'shop.yaml:8:15: iscs.app.blueprint.writes: found "strickt", expected strict, fixed or flexible; did you mean "strict"?',
  ]);
  assert.deepEqual(mistakesOf(text.replace("usr", "user").replace("strickt", "strict")), [
    "shop.yaml:10:84: iscs.db.blueprint.health.tcp: checks port 80, which is neither listened on nor exposed; expected it in network.listen",
  ]);
});

test("every mistake is named, in the order of the file", () => {
  const text = `isc-stack: 1
name: shop
networks: { front: {}, back: {} }
iscs:
  web: { blueprint: web.yaml, networks: [frnt] }
  app: { blueprint: app.yaml, networks: [back] }
flows:
  - from: wbe
    to: app
    port: 80
  - { from: web, to: api, port: 80 }
`;
  assert.deepEqual(mistakesOf(text), [
    'shop.yaml:5:42: iscs.web.networks.0: found "frnt", which is no network of this stack; did you mean "front"?',
    'shop.yaml:8:11: flows.0.from: found "wbe", which is no member of this stack; did you mean "web"?',
    'shop.yaml:11:22: flows.1.to: found "api", which is no member of this stack; did you mean "app"?',
  ]);
});

/** A stack with these entries over the least ones. */
function stackWith(entries: string): string {
  const has = (key: string) => new RegExp(`^${key}:`, "m").test(entries);
  const least = { "isc-stack": "1", name: "shop", iscs: `{ web: ${web} }` };
  const rest = Object.entries(least).flatMap(([key, value]) => (has(key) ? [] : [`${key}: ${value}`]));
  return [...rest, entries, ""].join("\n");
}

test("a stack has bounds of its own", () => {
  const members = (count: number) => Array.from({ length: count }, (_, at) => `  m${at}: { blueprint: x.yaml }\n`).join("");
  const flows = (count: number) =>
    Array.from({ length: count }, (_, at) => `  - { from: m${at % 100}, to: m${(at * 7 + 1) % 100}, port: ${at + 1} }\n`).join("");
  const stack = parseStack(`isc-stack: 1\nname: shop\niscs:\n${members(128)}flows:\n${flows(4_000)}`, place);
  assert.equal(Object.keys(stack.members).length, 128);
  assert.equal(stack.flows.length, 4_000);
  assert.match(mistakeOf(`isc-stack: 1\nname: shop\niscs:\n${members(129)}`), /expected 1 to 128 members$/);
  assert.match(mistakeOf(`isc-stack: 1\nname: shop\niscs:\n${members(100)}flows:\n${flows(4_001)}`), /expected at most 4000 flows$/);
  const wide = `  - { from: m1, to: m2, ports: [${Array.from({ length: 200 }, (_, at) => at + 1)}] }\n`.repeat(21);
  assert.match(
    mistakeOf(`isc-stack: 1\nname: shop\niscs:\n${members(100)}flows:\n${wide}`),
    /^flows: expected at most 4000 flows, found 4200 with/,
  );
  const networks = Array.from({ length: 33 }, (_, at) => `n${at}: {}`).join(", ");
  assert.match(mistakeOf(stackWith(`networks: { ${networks} }`)), /expected 1 to 32 networks$/);
  assert.deepEqual(mistakesOf("x".repeat(2 ** 20 + 1)), [
    "shop.yaml:1:1: larger than 1MiB; a stack is a few pages, its long blueprints are files of their own",
  ]);
  const big = `content: "${"é".repeat(140_000)}"`;
  assert.match(mistakeOf(stackWith(`iscs: { web: { blueprint: { ${inline}, files: { /etc/x: { ${big} } } } } }`)), /larger than 256KiB/);
});

test("what is no stack at all is refused with a sentence", () => {
  assert.deepEqual(mistakesOf(""), ["shop.yaml:1:1: found nothing, expected a stack: a mapping with isc-stack, name and iscs"]);
  assert.deepEqual(mistakesOf("isc-stack: 1\nname: shop\n"), [
    "shop.yaml:1:1: iscs: missing, expected a mapping of members, such as { web: { blueprint: ./web/web.yaml } }",
  ]);
  assert.deepEqual(mistakesOf(`${stackWith("flows: []")}---\nx: 1\n`), [
    "shop.yaml:5:1: found a second document, expected one stack in one file",
  ]);
  assert.match(mistakesOf(`flows: ${"[".repeat(30)}${"]".repeat(30)}`).join("\n"), /nested too deeply to be a stack/);
  assert.equal(mistakesOf(Array.from({ length: 200 }, (_, at) => `k${at}: 1`).join("\n")).length, 51);
});
