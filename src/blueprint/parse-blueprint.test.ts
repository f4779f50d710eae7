import assert from "node:assert/strict";
import { test } from "node:test";
import { isProblem } from "../base/problem.ts";
import { Blueprint } from "../model/blueprint.ts";
import { parseBlueprint } from "./parse-blueprint.ts";

const place = { file: "web.yaml", directory: "/srv/blueprints" };
const least = "isc: 1\nname: web\nfrom: { debian: bookworm }\nservices: { nginx: {} }\n";

function mistakesOf(text: string): readonly string[] {
  try {
    parseBlueprint(text, place);
  } catch (error) {
    assert.ok(isProblem(error), String(error));
    assert.equal(error.code, "BLUEPRINT_INVALID");
    assert.equal(error.message, error.details[0]);
    return error.details;
  }
  return [];
}

/** The only mistake of the least blueprint with these lines added, without file, line and column. */
function mistakeOf(lines: string): string | undefined {
  const mistakes = mistakesOf(least + lines);
  assert.ok(mistakes.length <= 1, mistakes.join("\n"));
  return mistakes[0]?.replace(/^web\.yaml:\d+:\d+: /, "");
}

test("the blueprint of the guide is read whole", () => {
  const text = `isc: 1
name: web
from:
  debian: bookworm
  packages: [nginx-light]
services:
  nginx:
    command: /usr/sbin/nginx -g 'daemon off;'
    prepare: [/bin/true, [/bin/sh, -c, "exit 0"]]
    environment: { WORKERS: 2, RATIO: 1.10, ON: true }
    stop-signal: QUIT
    stop-timeout: 1m30s
files:
  /etc/nginx/sites-enabled/default: ./site.conf
  /var/www/html/: ./html/
  /etc/motd: { content: "hello\\n", mode: 0640, owner: "www-data:33" }
network:
  listen: [80, 53/udp]
  expose: { 8080: 80, "127.0.0.1:8443": 443, "[::1]:53/udp": 53 }
  connect: [10.0.0.5:5432, "[FD00::1]:443", "[fd00::]/64:1/udp", 10.0.0.0/8:443, Deb.Example.org:443, isc:db:5432]
limits: { memory: 128MiB, cpu: 0.5, processes: 32 }
volumes: { data: { at: /var/lib/thing, size: 1GiB } }
rights: { capabilities: [NET_RAW, CAP_CHOWN], syscalls: [io_uring_setup], writable-code: true }
health: { http: ":80/", every: 5s }
`;
  const blueprint = parseBlueprint(text, place);
  assert.deepEqual(Blueprint.parse(blueprint), blueprint);
  assert.deepEqual(blueprint.services, {
    nginx: {
      command: ["/usr/sbin/nginx", "-g", "daemon off;"],
      prepare: [["/bin/true"], ["/bin/sh", "-c", "exit 0"]],
      environment: { WORKERS: "2", RATIO: "1.10", ON: "true" },
      stopSignal: "SIGQUIT",
      stopTimeoutMs: 90_000,
    },
  });
  assert.deepEqual(blueprint.files, [
    { target: "/etc/nginx/sites-enabled/default", source: "/srv/blueprints/site.conf" },
    { target: "/var/www/html/", source: "/srv/blueprints/html" },
    { target: "/etc/motd", content: "hello\n", mode: 0o640, owner: "www-data:33" },
  ]);
  const { network, limits, volumes, rights, health } = blueprint.posture;
  assert.deepEqual(network.listen, [
    { port: 80, protocol: "tcp" },
    { port: 53, protocol: "udp" },
    { port: 443, protocol: "tcp" },
  ]);
  assert.deepEqual(network.expose, [
    { hostPort: 8080, port: 80, protocol: "tcp" },
    { hostPort: 8443, port: 443, protocol: "tcp", address: "127.0.0.1" },
    { hostPort: 53, port: 53, protocol: "udp", address: "::1" },
  ]);
  assert.deepEqual(network.connect, [
    { kind: "address", address: "10.0.0.5", port: 5432, protocol: "tcp" },
    { kind: "address", address: "fd00::1", port: 443, protocol: "tcp" },
    { kind: "address", address: "fd00::/64", port: 1, protocol: "udp" },
    { kind: "address", address: "10.0.0.0/8", port: 443, protocol: "tcp" },
    { kind: "name", host: "deb.example.org", port: 443, protocol: "tcp" },
    { kind: "isc", isc: "db", port: 5432, protocol: "tcp" },
  ]);
  assert.deepEqual(limits, { memoryBytes: 128 * 1024 ** 2, cpuPercent: 50, processes: 32, openFiles: 1024 });
  assert.deepEqual(volumes, { data: { at: "/var/lib/thing", sizeBytes: 1024 ** 3 } });
  assert.deepEqual(rights, { capabilities: ["CAP_NET_RAW", "CAP_CHOWN"], syscalls: ["io_uring_setup"], writableCode: true });
  assert.deepEqual(health, { kind: "http", port: 80, path: "/", everyMs: 5000, timeoutMs: 3000, failures: 3 });
});

test("everything but version, name, source and services has a safe default", () => {
  assert.deepEqual(parseBlueprint(least, place), {
    isc: 1,
    name: "web",
    from: { kind: "debian", suite: "bookworm", packages: [] },
    slim: true,
    services: { nginx: {} },
    files: [],
    remove: [],
    posture: {
      network: { listen: [], expose: [], connect: [] },
      limits: { memoryBytes: 256 * 1024 ** 2, cpuPercent: 100, processes: 64, openFiles: 1024 },
      scratchBytes: 64 * 1024 ** 2,
      volumes: {},
      writes: "fixed",
      rights: { capabilities: [], syscalls: [], writableCode: false },
      containment: "container",
    },
  });
});

test("a service without a value is one without overrides", () => {
  assert.deepEqual(parseBlueprint(least.replace("{ nginx: {} }", "\n  nginx:\n  constructor:"), place).services, {
    nginx: {},
    constructor: {},
  });
});

test("local paths of a source start from the blueprint's folder", () => {
  const sourceOf = (from: string) => parseBlueprint(least.replace("debian: bookworm", from), place).from;
  assert.deepEqual(sourceOf("directory: ./rootfs/"), { kind: "directory", path: "/srv/blueprints/rootfs" });
  assert.deepEqual(sourceOf("directory: /srv/rootfs"), { kind: "directory", path: "/srv/rootfs" });
  assert.deepEqual(sourceOf("oci: 'oci:image:v1'"), { kind: "oci", reference: "oci:/srv/blueprints/image:v1" });
  assert.deepEqual(sourceOf("oci: 'oci-archive:../a.tar'"), { kind: "oci", reference: "oci-archive:/srv/a.tar" });
  const registry = "docker://registry.example.org:5000/library/nginx:1.27";
  assert.deepEqual(sourceOf(`oci: '${registry}'`), { kind: "oci", reference: registry });
});

test("every mistake is named, in the order of the file, with its line and column", () => {
  const text = `isc: 1
name: Web
from: { debian: bookworm }
services:
  nginx: { usr: www-data }
limits: { memory: 12MB }
writes: strickt
`;
  assert.deepEqual(mistakesOf(text), [
    'web.yaml:2:7: name: found "Web", expected 1 to 32 lower-case letters, digits and inner hyphens, starting with a letter',
    'web.yaml:5:12: services.nginx.usr: unknown key, did you mean "user"?',
    'web.yaml:6:19: limits.memory: found "12MB", expected a size from 8MiB to 16TiB, such as 128MiB',
    'web.yaml:7:9: writes: found "strickt", expected strict, fixed or flexible; did you mean "strict"?',
  ]);
});

test("what is missing is said where it should stand", () => {
  assert.deepEqual(mistakesOf("isc: 1\nname: web\nfrom: {}\n"), [
    "web.yaml:1:1: services: missing, expected a mapping of service names, such as { nginx: {} }",
    "web.yaml:3:7: from: names no source, expected exactly one of debian, oci or directory",
  ]);
  assert.deepEqual(mistakesOf(""), ["web.yaml:1:1: found nothing, expected a blueprint: a mapping with isc, name, from and services"]);
});

const refused: readonly (readonly [lines: string, mistake: RegExp])[] = [
  ["slmi: on", /^slmi: unknown key, did you mean "slim"\?$/],
  ["colour: red", /^colour: unknown key, expected isc, name, .* or containment$/],
  ["network: { listen: [0] }", /^network\.listen\.0: found 0, expected a port from 1 to 65535/],
  ["network: { listen: [80, 80/tcp] }", /^network\.listen\.1: given twice$/],
  ["network: { expose: { 8080: 80, '127.0.0.1:8080': 81 } }", /^network\.expose: host port 8080\/tcp is exposed twice$/],
  ["network: { expose: { '0.0.0.0:8080': 80 } }", /expected the port alone/],
  ["network: { expose: { 'web:8080': 80 } }", /^network\.expose\."web:8080": found "web:8080", expected an address of this host/],
  ["network: { connect: [localhost:80] }", /inside an ISC, localhost is the ISC itself/],
  ["network: { connect: [10.0.0.1/8:80] }", /expected a prefix without host bits/],
  ["network: { connect: ['fd00::1:443'] }", /expected HOST:PORT/],
  ["network: { connect: [10.0.0.256:80] }", /expected HOST:PORT/],
  ["network: { connect: ['isc:Db:80'] }", /expected HOST:PORT/],
  ["network: { connect: ['-x.example.org:80'] }", /expected HOST:PORT/],
  ["files: { /a/../b: ./x }", /^files\."\/a\/\.\.\/b": found "\/a\/\.\.\/b", expected an absolute path/],
  ["files: { /a: ../x }", /expected a path inside the blueprint's folder/],
  ["files: { /a: /etc/shadow }", /expected a path inside the blueprint's folder/],
  ["files: { /a: { source: x, content: y } }", /expected either source or content/],
  ["files: { /a/: { content: y } }", /takes a folder's contents/],
  ["files: { /a: x, /a/: y }", /given twice, with and without a slash/],
  ["files: { /proc/a: x }", /something else is mounted over \/proc/],
  ["files: { /a: { source: x, mode: 4755 } }", /setuid, setgid and sticky bits are not sealed/],
  ["files: { /a: { source: x, mode: 0666 } }", /expected a mode that does not let everyone write/],
  ["files: { /a: { source: x, mode: 0o644 } }", /found "0o644"/],
  ["files: { /a: { source: x, owner: -x } }", /expected a user's name or number/],
  ["remove: [/]", /expected a path below \//],
  ["limits: { cpu: 0% }", /expected a share of one core/],
  ["limits: { processes: 1 }", /expected a whole number from 2 to/],
  ["limits: { open-files: 1.5 }", /expected a whole number/],
  ["scratch: 1MiB", /expected a size from 8MiB/],
  ["volumes: { a: { at: /etc/x, size: 1GiB } }", /\/etc belongs to the sealed image/],
  ["volumes: { a: { at: /tmp/x, size: 1GiB } }", /\/tmp is thrown away at every reset/],
  ["volumes: { a: { at: /srv, size: 1GiB }, b: { at: /srv/b, size: 1GiB } }", /^volumes\.b\.at: .* volumes do not nest$/],
  ["volumes: { a: { at: /srv, size: 1GiB } }\nwrites: strict", /strict allows no volumes/],
  ["rights: { capabilities: [ALL] }", /expected a capability such as NET_ADMIN/],
  ["rights: { capabilities: [CHOWN, CAP_CHOWN] }", /CAP_CHOWN is given twice/],
  ["rights: { syscalls: defualt }", /did you mean "default"\?$/],
  ["rights: { syscalls: [--x] }", /expected a system call's name/],
  ["rights: { execute: service }", /did you mean "services"\?$/],
  ["rights: { execute: [bin/sh] }", /expected an absolute path/],
  ["rights: { execute: [/bin/sh, /bin/sh] }", /\/bin\/sh is given twice/],
  ["rights: { execute: services }\ncontainment: gvisor", /gvisor runs programs under a kernel of its own/],
  ["health: { http: ':80/', tcp: 80 }", /names http and tcp/],
  ["health: { tcp: ':81' }", /checks port 81, which is neither listened on nor exposed/],
  ["containment: docker", /expected container, gvisor or vm$/],
  ["slim: yes", /expected on or off/],
  ["slim: !!bool on", /tags such as .* are not read/],
  ["<<: { slim: off }", /^"<<": unknown key/],
  ["name: again", /^name: given twice, first in line 2$/],
  ['remove: ["/a\\0b"]', /unprintable character U\+0000/],
  ['remove: ["/a\\u202eb"]', /unprintable character U\+202E/],
  ['remove: ["/a\\nb"]', /expected an absolute path/],
  ["__proto__: { slim: off }", /unknown key "__proto__"/],
  ["? [a]\n: b", /a key that is no plain text/],
];

test("what would surprise later is refused now", () => {
  for (const [lines, mistake] of refused) {
    assert.match(mistakeOf(lines) ?? "no mistake", mistake, lines);
  }
});

test("a source is named once, and in its own grammar", () => {
  const sources: readonly (readonly [from: string, mistake: RegExp])[] = [
    ["{ debian: bookworm, oci: 'oci:x' }", /names debian and oci/],
    ["{ directory: x, packages: [a1] }", /packages are installed only from debian, not into directory/],
    ["{ debian: --help }", /expected a Debian suite/],
    ["{ debian: bookworm, packages: [--help] }", /expected a Debian package's name/],
    ["{ debian: bookworm, packages: [nginx, nginx] }", /nginx is given twice/],
    ["{ oci: 'dir:/etc' }", /expected docker:/],
    ["{ oci: 'docker://-x' }", /expected docker:/],
    ["{ oci: 'oci:-x' }", /expected docker:/],
    ["{ oci: 'containers-storage:x' }", /expected docker:/],
  ];
  for (const [from, mistake] of sources) {
    const mistakes = mistakesOf(least.replace("{ debian: bookworm }", from));
    assert.match(mistakes.join("\n"), mistake, from);
    assert.equal(mistakes.length, 1);
  }
});

test("YAML bombs, second documents and endless nesting are refused with a sentence", () => {
  const bomb = `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n`;
  assert.match(mistakesOf(bomb).join("\n"), /aliases are not read/);
  assert.deepEqual(mistakesOf(`${least}---\nx: 1\n`), ["web.yaml:5:1: found a second document, expected one blueprint in one file"]);
  assert.match(mistakesOf("[".repeat(100_000))[0] ?? "", /nested too deeply|not YAML/);
  assert.match(mistakesOf(`files: ${"{a: ".repeat(30)}${"}".repeat(30)}`).join("\n"), /nested too deeply/);
  assert.deepEqual(mistakesOf("x".repeat(300_000)), ["web.yaml:1:1: larger than 256KiB; a blueprint is a page or two"]);
  assert.match(mistakesOf("a: [1\nb: 2")[0] ?? "", /^web\.yaml:2:1: not YAML: /);
});

test("a great many mistakes are cut short", () => {
  const mistakes = mistakesOf(Array.from({ length: 200 }, (_, index) => `k${index}: 1`).join("\n"));
  assert.equal(mistakes.length, 51);
  assert.equal(mistakes.at(-1), "and more");
});
