import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { renderBandwidth } from "../base/bandwidth.ts";
import { isProblem } from "../base/problem.ts";
import { StackRecord, type TrafficLimits } from "../model/stack.ts";
import { parseStack } from "./parse-stack.ts";

const place = { file: "shop.yaml", directory: "/srv/shop" };

const name = fc
  .stringMatching(/^[a-z](?:[a-z0-9-]{0,6}[a-z0-9])?$/)
  .filter((word) => !["dock", "outside", "localhost", "isc"].includes(word));
const names = (most: number) => fc.uniqueArray(name, { minLength: 1, maxLength: most });
const port = fc.integer({ min: 1, max: 65_535 });
const protocol = fc.constantFrom("tcp" as const, "udp" as const);

const limits: fc.Arbitrary<TrafficLimits> = fc.record(
  {
    bitsPerSecond: fc.integer({ min: 8_000, max: 100_000_000_000 }),
    packetsPerSecond: fc.integer({ min: 1_000_000, max: 100_000_000 }),
    connections: fc.integer({ min: 1, max: 1_000_000 }),
    connectionsPerSecond: fc.integer({ min: 1, max: 1_000_000 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const uplink = fc.constantFrom(
  { model: undefined, text: undefined },
  { model: { kind: "any" }, text: true },
  { model: { kind: "address", address: "192.0.2.7" }, text: "192.0.2.7" },
  { model: { kind: "address", address: "2001:db8::7" }, text: { address: "2001:DB8::7" } },
  { model: { kind: "interface", interface: "eth1" }, text: { interface: "eth1" } },
);
const outside = fc.constantFrom(
  { model: { kind: "name", host: "api.example.org" }, text: "API.example.org" },
  { model: { kind: "address", address: "198.51.100.7" }, text: "198.51.100.7" },
  { model: { kind: "address", address: "0.0.0.0/0" }, text: "0.0.0.0/0" },
  { model: { kind: "address", address: "2001:db8::/32" }, text: "[2001:db8::]/32" },
);

/** What can be chosen freely; indices are taken modulo what there is. */
const draft = fc.record({
  name,
  networks: fc.uniqueArray(fc.tuple(name, uplink, fc.boolean()), { minLength: 1, maxLength: 4, selector: ([word]) => word }),
  members: fc.uniqueArray(
    fc.record({
      // A hyphen and digits at the end could make one member's second ISC another's first.
      name: name.filter((word) => !/-\d+$/.test(word)),
      count: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      networks: fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 1 }),
      limits: fc.option(limits, { nil: undefined }),
      secrets: fc.uniqueArray(fc.nat({ max: 2 })),
      isExposed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6, selector: (member) => member.name },
  ),
  flows: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), outside: fc.option(outside), port, protocol, limits: fc.option(limits) }), {
    maxLength: 12,
  }),
  secrets: names(3),
});
type Draft = typeof draft extends fc.Arbitrary<infer Value> ? Value : never;

const defined = (entries: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  assert.ok(item !== undefined);
  return item;
};

function limitsText(model: TrafficLimits) {
  const { bitsPerSecond, packetsPerSecond, connections, connectionsPerSecond } = model;
  return defined({
    bandwidth: bitsPerSecond === undefined ? undefined : `${renderBandwidth(bitsPerSecond)}/s`,
    packets: packetsPerSecond,
    connections,
    "new-connections": connectionsPerSecond === undefined ? undefined : `${connectionsPerSecond}/s`,
  });
}

/** The draft with indices replaced by what they mean, and only the flows that can be. */
function partsOf({ name: stack, networks, members, flows, secrets }: Draft) {
  const words = networks.map(([word]) => word);
  const parts = members.map((member) => ({
    ...member,
    networks: [...new Set(member.networks.map((index) => at(words, index)))],
    secrets: [...new Set(member.secrets.map((index) => at(secrets, index)))],
  }));
  const isOutward = (word: string) => networks.some(([network, way]) => network === word && way.text !== undefined);
  const seen = new Set<string>();
  const ways = flows.flatMap(({ from, to, outside: way, ...flow }) => {
    const [source, target] = [at(parts, from), at(parts, to)];
    const leads = way === null ? source.networks.some((word) => target.networks.includes(word)) : source.networks.some(isOutward);
    const end = way ?? { model: { kind: "isc", isc: target.name }, text: target.name };
    const key = JSON.stringify([source.name, end.text, flow.port, flow.protocol]);
    if (!leads || seen.has(key)) return [];
    seen.add(key);
    // Not every limit can be held for every end.
    const canLimit =
      end.model.kind === "isc" || (end.model.kind === "address" && !("address" in end.model && end.model.address.includes("/")));
    return [{ ...flow, limits: canLimit ? flow.limits : null, from: source.name, end }];
  });
  return { stack, networks, parts, ways, secrets: [...new Set(parts.flatMap((part) => part.secrets))] };
}
type Parts = ReturnType<typeof partsOf>;

const addresses = (index: number) => ({ subnet: `10.${index}.0.0/16`, subnet6: `fd00:0:0:${index + 1}::/64`, mtu: 1_400 });
const isStdin = (secret: string) => secret.length % 2 === 0;

function textOf({ stack, networks, parts, ways, secrets }: Parts): string {
  const form = {
    "isc-stack": 1,
    name: stack,
    networks: Object.fromEntries(
      networks.map(([word, way, isFixed], index) => [word, defined({ ...(isFixed ? addresses(index) : {}), outward: way.text })]),
    ),
    iscs: Object.fromEntries(
      parts.map(({ name: word, isExposed, limits: most, ...same }, index) => {
        const expose = isExposed ? { [`127.0.0.1:${8_000 + index}/udp`]: 53 } : undefined;
        return [word, defined({ ...same, blueprint: `./${word}.yaml`, limits: most === undefined ? undefined : limitsText(most), expose })];
      }),
    ),
    flows: ways.map((flow) => {
      return { from: flow.from, to: flow.end.text, port: `${flow.port}/${flow.protocol}`, ...limitsText(flow.limits ?? {}) };
    }),
    secrets: Object.fromEntries(secrets.map((word) => [word, isStdin(word) ? "stdin" : { file: `./${word}` }])),
  };
  return JSON.stringify(form, undefined, 2);
}

function modelOf({ stack, networks, parts, ways, secrets }: Parts): object {
  const limited = (most: TrafficLimits | null | undefined) => (Object.keys(most ?? {}).length > 0 ? most : undefined);
  return {
    name: stack,
    networks: Object.fromEntries(
      networks.map(([word, way, isFixed], index) => [word, defined({ ...(isFixed ? addresses(index) : {}), uplink: way.model })]),
    ),
    members: Object.fromEntries(
      parts.map(({ name: word, isExposed, limits: most, ...same }, index) => {
        const expose = isExposed ? [{ hostPort: 8_000 + index, port: 53, protocol: "udp", address: "127.0.0.1" }] : [];
        const blueprint = { kind: "file", path: `/srv/shop/${word}.yaml` };
        return [word, defined({ ...same, blueprint, expose, limits: limited(most) })];
      }),
    ),
    flows: ways.map(({ end, limits: most, ...same }) => defined({ ...same, to: end.model, limits: limited(most) })),
    secrets: Object.fromEntries(
      secrets.map((word) => [word, isStdin(word) ? { kind: "stdin" } : { kind: "file", path: `/srv/shop/${word}` }]),
    ),
  };
}

function isParsedOrRefused(text: string): void {
  try {
    parseStack(text, place);
  } catch (error) {
    assert.ok(isProblem(error) && error.code === "STACK_INVALID", `${String(error)}\n${text}`);
    for (const line of error.details) assert.match(line, /^shop\.yaml:\d+:\d+: .+|^and more$/);
  }
}

test("a valid stack is read as what it says", () => {
  fc.assert(
    fc.property(draft, (given) => {
      const parts = partsOf(given);
      const text = textOf(parts);
      assert.deepEqual({ ...parseStack(text, place) }, modelOf(parts), text);
    }),
    { numRuns: 300 },
  );
});

test("flows, networks and secrets of a stack are what its record holds", () => {
  fc.assert(
    fc.property(draft, (given) => {
      const { flows, secrets } = parseStack(textOf(partsOf(given)), place);
      assert.deepEqual(StackRecord.shape.flows.parse(flows), flows);
      assert.deepEqual(StackRecord.shape.secrets.parse(secrets), secrets);
    }),
    { numRuns: 100 },
  );
});

/** Text that YAML, or one of our grammars, is easily mistaken about. */
const pieces = [
  "",
  "~",
  "- ",
  "{",
  "}",
  "[",
  ": ",
  "\n",
  "&a ",
  "*a",
  "!x ",
  "'",
  '"',
  "\u0000",
  "\ud800",
  "::/0",
  "10.0.0.1/33",
  "isc:",
  "outside",
  "0",
  "é",
];
const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8 }));

test("stacks with changes at random are read or refused with a Problem", () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), piece), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(draft, edits, (given, changes) => {
      let text = textOf(partsOf(given));
      for (const [place, cut, insert] of changes) {
        text = text.slice(0, place % text.length) + insert + text.slice((place % text.length) + cut);
      }
      isParsedOrRefused(text);
    }),
    { numRuns: 500 },
  );
});

const keys = [
  ...["isc-stack", "name", "networks", "iscs", "flows", "secrets", "subnet", "subnet6", "mtu", "outward", "interface", "address"],
  ...["blueprint", "count", "expose", "connect", "limits", "bandwidth", "packets", "connections", "new-connections"],
  ...["from", "to", "port", "ports", "network", "file", "services", "isc", "constructor", "toString", "valueOf", "web", "main"],
];
const words = [
  "web",
  "main",
  "dock",
  "outside",
  "stdin",
  "10Mbit",
  "5/s",
  "10.0.0.0/8",
  "fd00::/64",
  "a.example:80",
  "127.0.0.1:80",
  "constructor",
];

test("values with our keys in places of their own are read or refused with a Problem", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(fc.constantFrom(...words), piece, fc.integer(), fc.boolean(), fc.constant(null), fc.double()),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), piece), tie("value"), { maxKeys: 4 }),
    ),
  }));
  const least = { "isc-stack": 1, name: "shop", iscs: { web: { blueprint: "x.yaml" } } };
  const form = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
  fc.assert(
    fc.property(form, form, (stack, member) => {
      isParsedOrRefused(JSON.stringify({ ...least, ...stack }));
      isParsedOrRefused(JSON.stringify({ ...least, iscs: { web: { ...least.iscs.web, ...member } } }));
      isParsedOrRefused(JSON.stringify({ ...least, flows: [{ from: "web", to: "web", port: 1, ...member }], networks: { main: stack } }));
    }),
    { numRuns: 500 },
  );
});

test("any text is read or refused with a Problem", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (text) => isParsedOrRefused(text.join(""))),
    { numRuns: 500 },
  );
});
