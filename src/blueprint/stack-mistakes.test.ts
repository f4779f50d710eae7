import assert from "node:assert/strict";
import { test } from "node:test";
import { mistakeOf, mistakesOf } from "./fake-stack-file.ts";

const web = "{ blueprint: ./web.yaml }";

/** A stack with these entries over the least ones. */
function stackWith(entries: string): string {
  const has = (key: string) => new RegExp(`^${key}:`, "m").test(entries);
  const least = { "isc-stack": "1", name: "shop", iscs: `{ web: ${web} }` };
  const rest = Object.entries(least).flatMap(([key, value]) => (has(key) ? [] : [`${key}: ${value}`]));
  return [...rest, entries, ""].join("\n");
}

/** Two networks, one of them with a way out; web and app share only front. */
const two = `networks: { front: {}, back: {}, out: { outward: true } }
iscs:
  web: { blueprint: web.yaml, networks: [front] }
  app: { blueprint: app.yaml, networks: [front, back] }
  db: { blueprint: db.yaml, networks: [back, out] }
`;
const flow = (text: string) => `${two}flows: [{ ${text} }]`;
const network = (text: string) => `networks: { main: { ${text} } }`;
const member = (text: string) => `iscs: { web: { blueprint: web.yaml, ${text} } }`;
const limits = (text: string) => member(`limits: { ${text} }`);

const refused: readonly (readonly [entries: string, mistake: RegExp])[] = [
  ["isc-stack: 2", /^isc-stack: found 2, expected 1, the version of this format$/],
  ["nmae: shop", /^nmae: unknown key, did you mean "name"\?$/],
  ["name: Shop", /^name: found "Shop", expected 1 to 32 lower-case letters/],
  ["iscs: {}", /^iscs: found a mapping, expected 1 to 128 members$/],
  ["iscs: { dock: { blueprint: x.yaml } }", /^iscs\.dock: dock means this host in flows, expected another name$/],
  ["iscs: { outside: { blueprint: x.yaml } }", /^iscs\.outside: outside means the world in flows, expected another name$/],
  ["iscs: { localhost: { blueprint: x.yaml } }", /^iscs\.localhost: localhost is every ISC's own name for itself/],
  ["iscs: { Web: { blueprint: x.yaml } }", /^iscs\.Web: found "Web", expected 1 to 32 lower-case/],
  [
    `iscs: { ${"a".repeat(28)}: ${web} }`,
    /^iscs\.a+: its ISC would be called shop-a{28}, which has 33 characters, expected at most 32: shorten/,
  ],
  [`iscs: { ${"a".repeat(25)}: { blueprint: x.yaml, count: 10 } }`, /would be called shop-a{25}-10, which has 33 characters/],
  [
    "iscs: { app: { blueprint: x.yaml, count: 2 }, app-1: { blueprint: x.yaml } }",
    /app and app-1 would both have an ISC called shop-app-1$/,
  ],
  ["iscs: { web: {} }", /^iscs\.web\.blueprint: missing, expected a path inside the stack file's folder, .*or a whole blueprint$/],
  ["iscs: { web: ./web.yaml }", /^iscs\.web: found ".\/web\.yaml", expected a mapping such as \{ blueprint: /],
  ["iscs: { web: { blueprint: /etc/web.yaml } }", /found "\/etc\/web\.yaml", expected a path inside the stack file's folder/],
  ["iscs: { web: { blueprint: ../web.yaml } }", /expected a path inside the stack file's folder/],
  ["iscs: { web: { blueprint: { from: { debian: bookworm } } } }", /^iscs\.web\.blueprint\.services: missing/],
  [member("blueprnt: x"), /blueprnt: unknown key, did you mean "blueprint"\?$/],
  [member("count: 0"), /^iscs\.web\.count: found 0, expected a whole number from 1 to 100$/],
  [member("count: 101"), /expected a whole number from 1 to 100$/],
  [member("networks: []"), /^iscs\.web\.networks: .*expected at least one network$/],
  [member("networks: [main, main]"), /^iscs\.web\.networks\.1: given twice$/],
  [member("networks: [mian]"), /networks\.0: found "mian", which is no network of this stack; did you mean "main"\?$/],
  [member("networks: [front]"), /which is no network of this stack; expected main$/],
  ["networks: { front: {}, back: {} }", /^iscs\.web\.networks: missing, expected a list of one or more of front or back$/],
  [member("expose: { '0.0.0.0:80': 80 }"), /expected the port alone/],
  [member("expose: { 80: 80, '127.0.0.1:80': 81 }"), /^iscs\.web\.expose: host port 80\/tcp is exposed twice$/],
  [
    "iscs: { web: { blueprint: x, expose: { 80: 80 } }, app: { blueprint: x, expose: { '127.0.0.1:80': 80 } } }",
    /^iscs\.app\.expose: host port 80\/tcp is exposed by web already$/,
  ],
  [member("connect: [isc:db:5432]"), /^iscs\.web\.connect\.0: found "isc:db:5432", expected a place outside; .*flows: \{ from: NAME/],
  [member("connect: ['db.main.isc:80']"), /expected a place outside; .*flows/],
  [member("connect: ['10.0.0.1']"), /expected HOST:PORT such as 192\.0\.2\.5:5432/],
  [member("connect: ['10.0.0.1/8:80']"), /expected a prefix without host bits/],
  [member("connect: ['localhost:80']"), /localhost is the ISC itself/],
  [member("connect: ['a.example:80', 'A.example:80']"), /^iscs\.web\.connect\.1: given twice$/],
  [
    member("connect: ['a.example:80']"),
    /^iscs\.web\.connect\.0: web is on main, and none of these leads outside; expected outward: true at one of them$/,
  ],
  [`${network("outward: true")}\n${member("connect: ['web:80']")}`, /web is a member; expected a flow to it: \{ from: NAME, to: web/],
  [
    `${network("outward: true, subnet: 10.5.0.0/16")}\n${member("connect: ['10.5.1.1:80']")}`,
    /connect\.0: 10\.5\.1\.1 lies in network main, expected a place outside/,
  ],
  [limits("bandwidth: 10MB"), /^iscs\.web\.limits\.bandwidth: found "10MB", expected a bandwidth from 8kbit to 100Gbit, such as 10Mbit$/],
  [limits("bandwidth: 7kbit"), /expected a bandwidth from 8kbit/],
  [limits("bandwidth: 101Gbit"), /expected a bandwidth from 8kbit/],
  [limits("packets: 10/m"), /packets: found "10\/m", expected how many a second, from 1 to 100000000, such as 5000\/s$/],
  [limits("packets: 0"), /expected how many a second, from 1/],
  [limits("connections: 0"), /connections: found 0, expected a whole number from 1 to 1000000$/],
  [limits("new-connections: -1"), /expected how many a second, from 1 to 1000000, such as 100\/s$/],
  [limits("packets: 10, new-connections: 11"), /new-connections: allows 11 new connections but only 10 packets a second/],
  [limits("bandwith: 10Mbit"), /did you mean "bandwidth"\?$/],
  ["networks: {}", /^networks: .*expected 1 to 32 networks$/],
  ["networks: [front]", /^networks: found a list, expected a mapping of network names/],
  [
    network("subnet: 10.50.1.1/24"),
    /^networks\.main\.subnet: found "10\.50\.1\.1\/24", expected a prefix without host bits, such as 10\.50\.1\.0\/24$/,
  ],
  [network("subnet: 10.50.1.0"), /expected an IPv4 prefix such as/],
  [network("subnet: 'fd00::/64'"), /expected an IPv4 prefix such as/],
  [network("subnet: 10.0.0.0/7"), /expected a prefix of length 8 to 28/],
  [network("subnet: 10.0.0.0/29"), /expected a prefix of length 8 to 28/],
  [network("subnet: 0.0.0.0/8"), /expected a prefix for hosts, .*0\.0\.0\.0\/8 means this host$/],
  [network("subnet: 127.1.0.0/16"), /127\.0\.0\.0\/8 is loopback$/],
  [network("subnet: 169.0.0.0/8"), /169\.254\.0\.0\/16 is link-local$/],
  [network("subnet: 224.1.0.0/16"), /224\.0\.0\.0\/4 is multicast$/],
  [network("subnet: 255.0.0.0/8"), /240\.0\.0\.0\/4 is reserved$/],
  [network("subnet6: 'fd00::1/64'"), /subnet6: found "fd00::1\/64", expected a prefix without host bits, such as "fd00::\/64"$/],
  [network("subnet6: 'fd00::/48'"), /expected a \/64 of the unique local addresses/],
  [network("subnet6: '2001:db8::/64'"), /expected a \/64 of the unique local addresses/],
  [network("subnet6: 10.0.0.0/24"), /expected a \/64 of the unique local addresses/],
  [network("mtu: 1279"), /^networks\.main\.mtu: found 1279, expected a whole number from 1280 to 65535$/],
  [network("outward: eth1"), /^networks\.main\.outward: found "eth1", expected true, an address of this host, or \{ interface: eth1 \}$/],
  [network("outward: 127.0.0.1"), /expected an address of this host that others can reach$/],
  [network("outward: 10.0.0.0/8"), /expected true, an address of this host/],
  [network("outward: { interface: 'a b' }"), /outward\.interface: found "a b", expected an interface of this host/],
  [network("outward: { interface: eth1, address: 192.0.2.7 }"), /expected exactly one of address or interface$/],
  [network("outward: {}"), /expected exactly one of address or interface$/],
  [network("outwrd: true"), /unknown key, did you mean "outward"\?$/],
  [
    "networks: { a: { subnet: 10.0.0.0/8 }, b: { subnet: 10.5.0.0/16 } }\niscs: { web: { blueprint: x, networks: [a] } }",
    /^networks\.b\.subnet: 10\.5\.0\.0\/16 overlaps 10\.0\.0\.0\/8 of network a$/,
  ],
  [
    "networks: { a: { subnet6: 'fd00::/64' }, b: { subnet6: 'fd00:0::/64' } }\niscs: { web: { blueprint: x, networks: [a] } }",
    /^networks\.b\.subnet6: fd00::\/64 overlaps fd00::\/64 of network a$/,
  ],
  [flow("from: web, to: app"), /^flows\.0: names no port, expected exactly one of port or ports$/],
  [flow("from: web, to: app, port: 1, ports: [2]"), /^flows\.0: names port and ports, expected exactly one of port or ports$/],
  [flow("from: web, to: app, ports: []"), /^flows\.0\.ports: .*expected at least one port$/],
  [flow("from: web, to: app, ports: [80, 80/tcp]"), /^flows\.0\.ports\.1: given twice$/],
  [flow("from: web, to: app, port: 0"), /^flows\.0\.port: found 0, expected a port from 1 to 65535/],
  [flow("to: app, port: 80"), /^flows\.0\.from: missing, expected a member, or dock$/],
  [flow("from: outside, to: web, port: 80"), /^flows\.0\.from: found "outside", expected a member or dock: .* let in by expose$/],
  [flow("from: wep, to: app, port: 80"), /^flows\.0\.from: found "wep", which is no member of this stack; did you mean "web"\?$/],
  [flow("from: nobody, to: app, port: 80"), /which is no member of this stack; expected web, app, db or dock$/],
  [flow("from: web, to: App, port: 80"), /to: found "App", which is no member of this stack; did you mean "app"\?/],
  [flow("from: web, to: nobody, port: 80"), /expected web, app or db, or a place outside: an address, a prefix, or a name with a dot$/],
  [flow("from: web, to: constructor, port: 80"), /which is no member of this stack/],
  [flow("from: dock, to: web, port: 80, connections: 5"), /^flows\.0: has limits, but they hold for what ISCs send/],
  [flow("from: db, to: api.example.org, port: 443, bandwidth: 1Mbit"), /^flows\.0: has a bandwidth, which needs addresses/],
  [flow("from: db, to: 192.0.2.0/24, port: 443, new-connections: 5"), /^flows\.0: counts packets or connections to a whole prefix/],
  [flow("from: web, to: dock, port: 80"), /^flows\.0\.to: found "dock", .*nothing may connect to the dock$/],
  [flow("from: web, to: outside, port: 80"), /^flows\.0\.to: found "outside", expected which place there/],
  [flow("from: web, to: app.front.isc, port: 80"), /expected the member's name alone$/],
  [flow("from: web, to: 'isc:app', port: 80"), /expected the member's name alone$/],
  [flow("from: db, to: 10.0.0.1/8, port: 80"), /expected a prefix without host bits, such as 10\.0\.0\.0\/8$/],
  [flow("from: db, to: 'a.example:443', port: 80"), /expected it without its port, which stands at port$/],
  [flow("from: db, to: 10.0.0.256, port: 80"), /expected a member, or an address, a prefix or a name of the outside/],
  [flow("from: dock, to: a.example, port: 80"), /the dock itself may connect anywhere$/],
  [flow("from: web, to: db, port: 80"), /^flows\.0\.to: web is on front and db is on back, out; expected a network that both are on$/],
  [flow("from: web, to: db, ports: [80, 81]"), /^flows\.0\.to: web is on front and db is on back, out/],
  [
    flow("from: app, to: a.example, port: 80"),
    /^flows\.0\.to: app is on front, back, and none of these leads outside; expected outward: true/,
  ],
  [
    flow("from: web, to: app, port: 80, network: back"),
    /^flows\.0\.network: found "back", expected a network that web and app are on: front$/,
  ],
  [flow("from: dock, to: db, port: 80, network: front"), /found "front", expected a network that db is on: back or out$/],
  [flow("from: db, to: a.example, port: 80, network: back"), /found "back", expected a network with a way out that db is on: out$/],
  [
    flow("from: web, to: app, port: 80, network: frnt"),
    /network: found "frnt", which is no network of this stack; did you mean "front"\?$/,
  ],
  [flow("from: web, to: app, port: 80, network: constructor"), /which is no network of this stack/],
  [flow("from: web, to: app, port: 80, bandwidth: 1"), /^flows\.0\.bandwidth: found 1, expected a bandwidth/],
  [flow("from: web, to: app, port: 80 }, { from: web, to: app, port: 80/tcp"), /^flows\.1: given twice, first at flows\.0$/],
  [
    flow("from: web, to: app, port: 80, network: front }, { from: web, to: app, ports: [81, 80]"),
    /^flows\.1\.ports\.1: given twice, first at flows\.0$/,
  ],
  [
    flow("from: db, to: a.example, port: 80").replace("[back, out] }", "[back, out], connect: ['a.example:80'] }"),
    /^iscs\.db\.connect\.0: given twice, first at flows\.0$/,
  ],
  [`${two}flows: { from: web }`, /^flows: found a mapping, expected a list of flows/],
  [member("secrets: [key]"), /^iscs\.web\.secrets\.0: found "key", which is no secret of this stack; none is declared$/],
  ["secrets: { key: stdin }", /^secrets\.key: no member has this secret among its secrets$/],
  [`${member("secrets: [key, key]")}\nsecrets: { key: stdin }`, /^iscs\.web\.secrets\.1: given twice$/],
  [
    `${member("secrets: [key]")}\nsecrets: { key: stdni }`,
    /^secrets\.key: found "stdni", expected \{ file: .\/NAME \}, or stdin; did you mean "stdin"\?$/,
  ],
  [
    `${member("secrets: [key]")}\nsecrets: { key: { file: ../key } }`,
    /^secrets\.key\.file: found "\.\.\/key", expected a path inside the stack file's folder/,
  ],
  [`${member("secrets: [key]")}\nsecrets: { key: { file: /etc/../key } }`, /or an absolute one$/],
  [`${member("secrets: [key]")}\nsecrets: { key: {} }`, /^secrets\.key\.file: missing/],
];

test("what would surprise later is refused now", () => {
  for (const [entries, mistake] of refused) assert.match(mistakeOf(stackWith(entries)), mistake, entries);
});

test("a misspelt secret is one that is not declared, and one that is not used", () => {
  assert.deepEqual(mistakesOf(stackWith(`${member("secrets: [kye]")}\nsecrets: { key: stdin }`)), [
    'shop.yaml:3:47: iscs.web.secrets.0: found "kye", which is no secret of this stack; did you mean "key"?',
    "shop.yaml:4:12: secrets.key: no member has this secret among its secrets",
  ]);
});

test("flows on different networks, exposures on different addresses, and other protocols are no twins", () => {
  const shared = two.replace("networks: [front] }", "networks: [front, back] }");
  const flows =
    "flows: [{ from: web, to: app, port: 53, network: front }, { from: web, to: app, port: 53, network: back }, { from: web, to: app, port: 53/udp }]";
  assert.deepEqual(mistakesOf(stackWith(shared + flows)), []);
  const exposes = ["{ 127.0.0.1:80: 80 }", "{ 127.0.0.2:80: 80 }", "{ 80/udp: 80 }"];
  assert.deepEqual(
    mistakesOf(stackWith(`iscs: { ${exposes.map((expose, at) => `m${at}: { blueprint: x, expose: ${expose} }`).join(", ")} }`)),
    [],
  );
});
