import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isProblem } from "../base/problem.ts";
import { Blueprint } from "../model/blueprint.ts";
import { linuxCapabilities } from "../model/linux-capabilities.ts";
import { parseBlueprint } from "./parse-blueprint.ts";
import { renderBlueprint } from "./render-blueprint.ts";

const directory = "/srv/blueprints";
const place = { file: "web.yaml", directory };

const name = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,6}[a-z0-9])?$/);
/** Text that YAML is easily mistaken about. */
const tricky = fc.constantFrom(
  "",
  "on",
  "null",
  "~",
  "1.10",
  "0644",
  "- x",
  "a: b",
  "# x",
  "'",
  '"',
  "&a",
  "*a",
  "!x",
  "%",
  "ä日本",
  " x ",
);
const line = fc.oneof(fc.string({ maxLength: 12 }), tricky);
const segment = fc.stringMatching(/^[a-z0-9_ #:'&-]{1,6}$/).map((text) => `x${text}`);
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `/srv/${parts.join("/")}`);
const port = fc.integer({ min: 1, max: 65_535 });
const protocol = fc.constantFrom("tcp" as const, "udp" as const);
const command = fc
  .tuple(
    path.filter((text) => !text.includes(" ")),
    fc.array(line, { maxLength: 3 }),
  )
  .map(([program, rest]) => [program, ...rest]);
const account = fc.constantFrom("www-data", "0", "33");

const from = fc.oneof(
  fc.record({
    kind: fc.constant("debian"),
    suite: fc.constantFrom("bookworm", "sid"),
    packages: fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/)),
  }),
  fc.record({
    kind: fc.constant("oci"),
    reference: fc.constantFrom("docker://example.org/web:1", "oci:/srv/x:v1", "oci-archive:/srv/x.tar", "docker-archive:/x y"),
  }),
  fc.record({ kind: fc.constant("directory"), path }),
);

const service = fc.record(
  {
    unit: fc.constantFrom("nginx.service", "postgresql@15-main.service"),
    command,
    prepare: fc.array(command, { maxLength: 2 }),
    user: account,
    group: account,
    environment: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/), line, { maxKeys: 3 }),
    workingDirectory: path,
    writable: path.map((text) => [text]),
    stopSignal: fc.constantFrom("SIGTERM", "SIGWINCH"),
    stopTimeoutMs: fc.integer({ min: 100, max: 600_000 }),
  },
  { requiredKeys: [] },
);

const content = fc.record(
  {
    content: fc.oneof(line, fc.constant("a\n\n b\t\n"), fc.constant("\n")),
    mode: fc.constantFrom(0o644, 0o750),
    owner: fc.constantFrom("www-data:33", "0"),
  },
  { requiredKeys: ["content"] },
);
const source = path.map((text) => ({ source: directory + text }));
const files = fc
  .uniqueArray(fc.tuple(path, fc.oneof(content, source)), { selector: ([target]) => target, maxLength: 4 })
  .map((entries) => entries.map(([target, rest]) => ({ target, ...rest })));

const connection = fc.oneof(
  fc.record({
    kind: fc.constant("address"),
    address: fc.constantFrom("10.0.0.5", "10.0.0.0/8", "fd00::1", "fd00::/64", "::/0"),
    port,
    protocol,
  }),
  fc.record({ kind: fc.constant("name"), host: fc.constantFrom("deb.example.org", "db"), port, protocol }),
  fc.record({ kind: fc.constant("isc"), isc: name, port, protocol }),
);

const exposure = fc.record(
  { hostPort: port, port, protocol, address: fc.constantFrom("127.0.0.1", "::1") },
  { requiredKeys: ["hostPort", "port", "protocol"] },
);

const network = fc
  .record({
    listen: fc.uniqueArray(fc.record({ port, protocol }), { selector: (entry) => JSON.stringify(entry), maxLength: 3 }),
    expose: fc.uniqueArray(exposure, { selector: (entry) => entry.hostPort, maxLength: 3 }),
    connect: fc.uniqueArray(connection, { selector: (entry) => JSON.stringify(entry), maxLength: 3 }),
  })
  .map((policy) => {
    // Bare numbers come first among a mapping's keys, as JavaScript orders them: only that order can come back.
    const isBare = (entry: { protocol: string; address?: string }) => entry.protocol === "tcp" && entry.address === undefined;
    const bare = policy.expose.filter(isBare).sort((one, other) => one.hostPort - other.hostPort);
    const expose = [...bare, ...policy.expose.filter((entry) => !isBare(entry))];
    const listen = new Map(
      [...policy.listen, ...expose].map((entry) => [`${entry.port}/${entry.protocol}`, { port: entry.port, protocol: entry.protocol }]),
    );
    return { ...policy, expose, listen: [...listen.values()] };
  });

const timing = {
  everyMs: fc.integer({ min: 100, max: 3_600_000 }),
  timeoutMs: fc.integer({ min: 10, max: 600_000 }),
  failures: fc.integer({ min: 1, max: 100 }),
};
const budget = fc.record({ times: fc.integer({ min: 0, max: 9 }), perMs: fc.integer({ min: 1_000, max: 86_400_000 }) });
const anyRespond = fc.record(
  {
    mode: fc.constantFrom("enforce" as const, "observe" as const),
    cooldownMs: fc.integer({ min: 0, max: 86_400_000 }),
    ladder: fc.record({ restart: budget, reset: budget, destroy: budget }, { requiredKeys: [] }),
    rules: fc.array(
      fc.record(
        {
          event: fc.constantFrom("exec.denied", "health"),
          sensor: fc.constantFrom("exec" as const, "audit" as const),
          severity: fc.constantFrom("alert" as const),
          rows: fc.constantFrom(["exec.sealed" as const], ["nnp" as const, "wx" as const]),
          times: fc.integer({ min: 1, max: 9 }),
          perMs: fc.integer({ min: 1_000, max: 86_400_000 }),
          action: fc.constantFrom("reset" as const, "notify" as const, "ignore" as const),
        },
        { requiredKeys: ["event", "times", "perMs", "action"] },
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ["rules"] },
);
const posture = fc
  .record({
    network,
    limits: fc.record({
      memoryBytes: fc.integer({ min: 8 * 1024 ** 2, max: 2 ** 40 }),
      cpuPercent: fc.integer({ min: 1000, max: 10_000_000 }).map((thousandths) => thousandths / 1000),
      processes: fc.integer({ min: 2, max: 4_194_304 }),
      openFiles: fc.integer({ min: 16, max: 1_048_576 }),
    }),
    scratchBytes: fc.integer({ min: 8 * 1024 ** 2, max: 2 ** 40 }),
    volumes: fc.dictionary(name, fc.integer({ min: 16 * 1024 ** 2, max: 2 ** 40 }), { maxKeys: 2 }),
    shared: fc.boolean(),
    respond: fc.option(anyRespond, { nil: undefined }),
    cleanse: fc.option(fc.record({ everyMs: fc.integer({ min: 1_000, max: 86_400_000 }), drainMs: fc.integer({ min: 0, max: 600_000 }) }), {
      nil: undefined,
    }),
    writes: fc.constantFrom("fixed", "flexible"),
    execute: fc.option(fc.constantFrom("services" as const, ["/bin/sh", "/usr/bin/psql"]), { nil: undefined }),
    rights: fc.record({
      capabilities: fc.uniqueArray(fc.constantFrom(...linuxCapabilities.map((word) => `CAP_${word}`)), { maxLength: 3 }),
      syscalls: fc.uniqueArray(fc.constantFrom("ptrace", "io_uring_setup"), { maxLength: 2 }),
      writableCode: fc.boolean(),
    }),
    check: fc.option(fc.record({ command, ...timing }), { nil: undefined }),
    path: fc.stringMatching(/^\/[!-~]{0,6}$/),
    containment: fc.constantFrom("container", "gvisor", "vm"),
  })
  .map(({ check, path: page, volumes, shared, cleanse, respond, execute, rights, ...rest }) => ({
    ...(respond === undefined ? {} : { respond }),
    ...rest,
    rights: { ...rights, ...(execute === undefined || rest.containment !== "container" ? {} : { execute }) },
    ...(cleanse === undefined ? {} : { cleanse }),
    volumes: Object.fromEntries(
      Object.entries(volumes).map(([key, sizeBytes]) => [key, { at: `/data/${key}`, sizeBytes, ...(shared ? { shared } : {}) }]),
    ),
    ...(check === undefined ? {} : { health: healthOf(check, rest.network.listen, page) }),
  }));

function healthOf(
  { command: words, ...times }: { command: string[] },
  listen: readonly { port: number; protocol: string }[],
  page: string,
): object {
  const heard = listen.find((entry) => entry.protocol === "tcp");
  if (heard === undefined) return { kind: "command", command: words, ...times };
  return page === "/" ? { kind: "tcp", port: heard.port, ...times } : { kind: "http", port: heard.port, path: page, ...times };
}

const blueprints = fc
  .record({
    isc: fc.constant(1),
    name,
    from,
    slim: fc.boolean(),
    services: fc.dictionary(name, service, { minKeys: 1, maxKeys: 2 }),
    files,
    remove: fc.array(path, { maxLength: 2 }),
    posture,
  })
  .map((value) => Blueprint.parse(value));

test("a rendered blueprint is parsed back to the same model", () => {
  fc.assert(
    fc.property(blueprints, (blueprint) => {
      // fast-check's dictionaries have no prototype; the parser's have.
      assert.deepEqual(parseBlueprint(renderBlueprint(blueprint, directory), place), structuredClone(blueprint));
    }),
    { numRuns: 300 },
  );
});

function isParsedOrRefused(text: string): void {
  try {
    Blueprint.parse(parseBlueprint(text, place));
  } catch (error) {
    assert.ok(isProblem(error), `${String(error)}\n${text}`);
    assert.match(error.code, /^BLUEPRINT_/);
    for (const detail of error.details) assert.match(detail, /^web\.yaml:\d+:\d+: .|^and more$/);
  }
}

const anything = fc.oneof(
  fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "&a ",
    "*a",
    "!!set ",
    "? ",
    "|\n",
    "'",
    '"',
    "\\",
    "\0",
    "\t",
    "%",
    "__proto__: ",
    "<<: ",
    "---\n",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
  line,
);

test("a thousand blueprints with changes at random are read or refused with a Problem", () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), anything), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(blueprints, changes, (blueprint, edits) => {
      let text = renderBlueprint(blueprint, directory);
      for (const [at, cut, insert] of edits) text = text.slice(0, at % text.length) + insert + text.slice((at % text.length) + cut);
      isParsedOrRefused(text);
    }),
    { numRuns: 1000 },
  );
});

const keys = [
  "isc",
  "name",
  "from",
  "debian",
  "oci",
  "services",
  "files",
  "network",
  "listen",
  "expose",
  "connect",
  "limits",
  "volumes",
  "health",
  "http",
  "source",
  "at",
  "size",
  "constructor",
  "toString",
  "valueOf",
];

test("a thousand values with our keys in places of their own are read or refused with a Problem", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(line, fc.integer(), fc.boolean(), fc.constant(null), fc.double()),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), line), tie("value"), { maxKeys: 4 }),
    ),
  }));
  const form = fc.dictionary(fc.constantFrom(...keys, "remove", "rights", "scratch", "writes"), value, { maxKeys: 8 });
  fc.assert(
    fc.property(form, (given) => isParsedOrRefused(JSON.stringify(given))),
    { numRuns: 1000 },
  );
});

test("any text is read or refused with a Problem", () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 30 }), (pieces) => isParsedOrRefused(pieces.join(""))),
    { numRuns: 1000 },
  );
});
