import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { askRaw, renderStartup } from "./support/raw-client.ts";

interface Ready {
  readonly blueprint: string;
  /** Where its service listens in the ISC. */
  readonly port: number;
  /** Asks the service as its users would, through the host port. Throws when the answer is wrong. */
  readonly ask: (hostPort: number) => Promise<void>;
  /** Throws when the service still knows what it was told before a reset. */
  readonly forgets?: (hostPort: number) => Promise<void>;
}

const ready: readonly Ready[] = [
  { blueprint: "nginx", port: 80, ask: asksPage("This page comes from nginx") },
  { blueprint: "apache2", port: 80, ask: asksPage("This page comes from apache2") },
  { blueprint: "static", port: 80, ask: asksPage("A sealed site.") },
  { blueprint: "app-python", port: 8000, ask: asksPage('"message": "Hello from a sealed container"') },
  { blueprint: "redis", port: 6379, ask: asksRedis, forgets: forgotRedis },
  { blueprint: "memcached", port: 11_211, ask: asksMemcached, forgets: forgotMemcached },
];
const postgresql: Ready = { blueprint: "postgresql", port: 5432, ask: asksPostgresql };

/** A service that ends by itself when told to needs less; one that has to be killed takes its whole stop timeout (10 s or more). */
const cleanStopMs = 5_000;

describe("the ready blueprints", () => {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start();
  });

  after(() => dock[Symbol.asyncDispose]());

  const run = async (name: Name, command: readonly string[]) => {
    const chunks: Buffer[] = [];
    const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
    const { exitCode } = await dock.client.call("exec", { name, command: [...command] }, { onData });
    return { exitCode, output: Buffer.concat(chunks).toString("utf8") };
  };
  const verifies = async (name: Name) => {
    const { findings } = await dock.client.call("verify", { names: [name], full: true });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
      `${name} keeps every promise`,
    );
    const exceptions = findings.filter(
      ({ row, evidence }) => row === "caps.none" && !evidence.includes("all five capability sets are empty"),
    );
    assert.deepEqual(exceptions, [], `${name} has no capability`);
  };
  const exposeOnly = async (name: Name, port: number) => {
    const { record } = await dock.client.call("show", { name });
    for (const { hostPort, protocol } of record.exposures) await dock.client.call("unexpose", { name, hostPort, protocol });
    const hostPort = await freeHostPort();
    await dock.client.call("expose", { name, exposure: { hostPort, port, protocol: "tcp" } });
    return hostPort;
  };
  const stopsByItself = async (name: Name) => {
    const { iscs } = await dock.client.call("stop", { names: [name] });
    assert.ok((iscs[0]?.tookMs ?? Number.POSITIVE_INFINITY) < cleanStopMs, `${name} ends when it is told to: ${JSON.stringify(iscs)}`);
  };
  const disposes = async (name: Name, image: string) => {
    await dock.client.call("destroy", { names: [name] });
    await dock.client.call("image-remove", { image });
  };
  const creates = async ({ blueprint, port }: Ready) => {
    const { digest, name } = await buildReady(dock, blueprint);
    await dock.client.call("create", { name, image: digest });
    const hostPort = await exposeOnly(name, port);
    await dock.client.call("start", { names: [name] });
    return { name, image: digest, hostPort };
  };

  const servesAndVerifies = async ({ ask, forgets }: Ready, name: Name, hostPort: number) => {
    await ask(hostPort);
    await verifies(name);
    await dock.client.call("reset", { names: [name] });
    await forgets?.(hostPort);
    await ask(hostPort);
    await verifies(name);
  };

  test("each of them is tried here", () => {
    const folder = fileURLToPath(new URL("../../blueprints", import.meta.url));
    // Those of stacks are tried with their stacks.
    const directories = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== "stacks");
    assert.deepEqual([...ready, postgresql].map(({ blueprint }) => blueprint).sort(), directories.map((entry) => entry.name).sort());
  });

  for (const one of ready) {
    test(`${one.blueprint} serves through its port, keeps its promises, and does both again after a reset`, async () => {
      const { name, image, hostPort } = await creates(one);
      try {
        await servesAndVerifies(one, name, hostPort);
        await stopsByItself(name);
      } finally {
        await disposes(name, image);
      }
    });
  }

  describe("postgresql", () => {
    let name: Name;
    let image: string;
    let hostPort: number;
    const sql = async (statement: string) => {
      const { exitCode, output } = await run(name, [
        "psql",
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command",
        statement,
        "postgres",
      ]);
      assert.equal(exitCode, 0, output);
      return output.trim();
    };
    /** For one that has no host port of its own to ask at. */
    const startsUp = async (isc: Name) => {
      const isReady = async () => (await run(isc, ["/usr/lib/postgresql/15/bin/pg_isready", "--quiet", "--timeout=20"])).exitCode === 0;
      for (const deadline = Date.now() + 20_000; !(await isReady()); await sleep(50)) assert.ok(Date.now() < deadline, `${isc} starts up`);
    };
    const logIn = (password: string) =>
      run(name, [
        "psql",
        "--tuples-only",
        "--no-align",
        "--command",
        "select current_user",
        `host=127.0.0.1 user=app password=${password} dbname=postgres`,
      ]);

    before(async () => {
      ({ name, image, hostPort } = await creates(postgresql));
    });

    after(() => disposes(name, image));

    test("it serves through its port, keeps its promises, and does both again after a reset", () =>
      servesAndVerifies(postgresql, name, hostPort));

    test("a role with a password logs in over TCP, and with a wrong one does not", async () => {
      await sql("create role app login password 'open sesame'");
      assert.match(await sql("select rolpassword from pg_authid where rolname = 'app'"), /^SCRAM-SHA-256\$/);
      const right = await logIn("'open sesame'");
      assert.equal(right.output.trim(), "app");
      const wrong = await logIn("guess");
      assert.notEqual(wrong.exitCode, 0);
      assert.match(wrong.output, /password authentication failed/);
    });

    test("data survives reset, and stop and start", async () => {
      await sql("create table notes (words text); insert into notes values ('kept')");
      await dock.client.call("reset", { names: [name] });
      await asksPostgresql(hostPort);
      assert.equal(await sql("select words from notes"), "kept");
      await stopsByItself(name);
      await dock.client.call("start", { names: [name] });
      await asksPostgresql(hostPort);
      assert.equal(await sql("select words from notes"), "kept");
    });

    test("a rollback brings the data of the snapshot back", async () => {
      await dock.client.call("snapshot", { name, snapshot: "before" as Name });
      await sql("update notes set words = 'lost'; create table more ()");
      await dock.client.call("rollback", { name, snapshot: "before" as Name });
      await asksPostgresql(hostPort);
      assert.equal(await sql("select words from notes"), "kept");
      assert.equal(await sql("select to_regclass('more') is null"), "t");
      await verifies(name);
    });

    test("a clone of a snapshot has the data, and its own from then on", async () => {
      const copy = "copy" as Name;
      await dock.client.call("clone", { source: `${name}@before`, name: copy, start: true });
      await startsUp(copy);
      const inCopy = await run(copy, [
        "psql",
        "--tuples-only",
        "--no-align",
        "--command",
        "update notes set words = 'copied' returning words",
        "postgres",
      ]);
      assert.match(inCopy.output, /^copied$/m);
      assert.equal(await sql("select words from notes"), "kept");
      await dock.client.call("destroy", { names: [copy] });
    });

    test("the volume cannot outgrow its size", async () => {
      const tooMuch = await run(name, ["fallocate", "--length", "3GiB", "/var/lib/postgresql/too-much"]);
      assert.notEqual(tooMuch.exitCode, 0);
      assert.match(tooMuch.output, /quota exceeded/);
      assert.equal((await run(name, ["rm", "/var/lib/postgresql/too-much"])).exitCode, 0);
      await sql("insert into notes values ('still written')");
    });
  });
});

function asksPage(words: string): (hostPort: number) => Promise<void> {
  return async (hostPort) => {
    const answer = await httpGet(`http://127.0.0.1:${hostPort}/`);
    assert.equal(answer?.status, 200);
    assert.ok(answer.body.includes(words), answer.body);
  };
}

async function asksRedis(hostPort: number): Promise<void> {
  assert.equal(await askRaw(hostPort, "PING\r\n", /\r\n$/), "+PONG\r\n");
  assert.equal(await askRaw(hostPort, "SET greeting hello\r\nGET greeting\r\n", /hello\r\n$/), "+OK\r\n$5\r\nhello\r\n");
}

async function forgotRedis(hostPort: number): Promise<void> {
  assert.equal(await askRaw(hostPort, "GET greeting\r\n", /\r\n$/), "$-1\r\n");
}

async function asksMemcached(hostPort: number): Promise<void> {
  const answer = await askRaw(hostPort, "set greeting 0 0 5\r\nhello\r\nget greeting\r\n", /END\r\n$/);
  assert.equal(answer, "STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\n");
}

async function forgotMemcached(hostPort: number): Promise<void> {
  assert.equal(await askRaw(hostPort, "get greeting\r\n", /END\r\n$/), "END\r\n");
}

/**
 * The server answers a stranger's first message with a request for a password: SASL (10), and SCRAM-SHA-256 as its only kind.
 * It listens before it has recovered, and says so until then (cannot_connect_now): its clients ask again.
 */
async function asksPostgresql(hostPort: number): Promise<void> {
  const ask = () => askRaw(hostPort, renderStartup("postgres", "postgres"), /\0\0$/);
  let answer = await ask();
  for (const deadline = Date.now() + 20_000; answer?.includes("57P03") && Date.now() < deadline; answer = await ask()) await sleep(50);
  assert.equal(answer, "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0");
}
