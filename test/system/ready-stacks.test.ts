/** The ready stacks, as blueprints/stacks/README.md promises them: asked end to end, edited under load, one ISC replaced, taken down. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isProblem } from "../../src/base/problem.ts";
import { type Event, isAtLeast } from "../../src/model/event.ts";
import type { Name } from "../../src/model/name.ts";
import type { StackView } from "../../src/model/stack-view.ts";
import { TestDock } from "./support/dock.ts";
import { lastSeq, readEvents, waitForEvent } from "./support/events.ts";
import { Neighbours } from "./support/neighbours.ts";
import { RedisLoad } from "./support/redis-load.ts";
import { copyStack, type StackCopy } from "./support/stack-copies.ts";
import { type LoadReport, runWrk } from "./support/wrk.ts";

/** What the shop's application asks outside, here at the neighbour. */
const rates = {
  host: "rates.example.test",
  port: 8100,
  page: "<Cube time='2026-01-02'><Cube currency='USD' rate='1.0842'/></Cube>",
} as const;
const ratesServer = `require("node:http").createServer((_, answer) => answer.end(process.argv[1])).listen(${rates.port}, "::")`;

describe("the ready stacks", () => {
  let dock: TestDock;
  let hosts: Neighbours;
  let directory: string;

  before(async () => {
    hosts = new Neighbours();
    dock = await TestDock.start({
      networkNamespace: hosts.host,
      environment: { ISC_NET: "10.252.0.0/16" },
      hosts: [`${hosts.otherAddress} ${rates.host}`],
    });
    directory = `${dock.layout.root}/../stacks`;
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    hosts[Symbol.dispose]();
  });

  /** A namespace of a test's own has no way to the package mirrors: a dock with one fetches what the shared cache lacks. */
  const firstUp = async ({ file }: StackCopy, blueprints: readonly string[]) => {
    try {
      await dock.client.call("stack-up", { file });
    } catch {
      await using outside = await TestDock.start();
      for (const blueprint of blueprints) await outside.client.call("build", { blueprint });
      await dock.client.call("stack-up", { file });
    }
  };
  const up = ({ file }: StackCopy) => dock.client.call("stack-up", { file });
  const view = async (name: string): Promise<StackView> => {
    const { stacks } = await dock.client.call("stacks", {});
    return stacks.find((one) => one.name === name) ?? assert.fail(`no stack ${name}`);
  };
  const serving = async (stack: string, member: string) =>
    (await view(stack)).iscs.filter((isc) => isc.member === member).map((isc) => isc.serving && isc.well !== false);
  const run = async (name: string, command: readonly string[]) => {
    const chunks: Buffer[] = [];
    const onData = (data: unknown) => void chunks.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
    const { exitCode } = await dock.client.call("exec", { name: name as Name, command: [...command] }, { onData });
    return { exitCode, output: Buffer.concat(chunks).toString("utf8").trim() };
  };
  /** Networks as the file says, every row of the contract kept, and nothing told that would wake anybody. */
  const isSound = async (stack: string, since: number) => {
    const { probes } = await dock.client.call("network-test", { stack: stack as Name });
    assert.ok(probes.length > 100);
    assert.deepEqual(
      probes.filter(({ expected, seen }) => expected !== seen),
      [],
    );
    const { findings } = await dock.client.call("verify", {});
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL").map(({ isc, row, evidence }) => `${isc} ${row}: ${evidence}`),
      [],
    );
    // What a test above has had refused on purpose is told once more, with a count, when its interval ends.
    const isMeant = ({ kind, facts }: Event) => kind === "firewall.refused" && [rates.port, rates.port + 1].includes(Number(facts.port));
    const told = readEvents(dock).filter((event) => event.seq > since && isAtLeast(event.severity, "warning") && !isMeant(event));
    assert.deepEqual(
      told.map(({ kind, message }) => `${kind}: ${message}`),
      [],
    );
  };
  /** Quarantines and replaces one while `load` is on. */
  const replaces = async (name: string) => {
    await dock.client.call("quarantine", { names: [name as Name] });
    await dock.client.call("reset", { names: [name as Name] });
  };
  const leavesNothing = async (stack: string) => {
    const { status } = await dock.client.call("stack-down", { stack: stack as Name, volumes: true });
    assert.equal(status, "removed");
    assert.deepEqual((await dock.client.call("list", {})).iscs, []);
    assert.equal(hosts.run("host", ["ip", "route", "show", "table", "all", "proto", "215"]), "");
    assert.doesNotMatch(hosts.run("host", ["ip", "rule"]), /10\.252\./);
    assert.doesNotMatch(hosts.run("host", ["nft", "list", "ruleset"]), /10\.252\.(?:1[6-9]|[2-9]\d)/);
    // The kernel ends links with their namespaces, in the background.
    const links = () => hosts.run("host", ["ip", "-brief", "link"]).match(/^isc\S+/gm) ?? [];
    await until(
      async () => links().length === 0,
      () => `links are left: ${links().join(", ")}`,
    );
  };

  describe("shop", () => {
    const password = "correct-horse-battery-staple-1c0ffee";
    let shop: StackCopy;
    const url = "http://192.0.2.1:8080";
    const get = (path: string) => JSON.parse(hosts.run("other", ["curl", "-s", "-m", "15", `${url}${path}`])) as Record<string, unknown>;
    const load = (seconds: number) =>
      Promise.all([true, false].map((keepAlive) => runWrk({ url: `${url}/`, seconds, keepAlive, connections: 4, namespace: hosts.other })));
    const look = (name: string, at: number) =>
      run(`shop-app-${at}`, ["/usr/bin/python3", "-I", "-c", `import socket; print(socket.getaddrinfo("${name}", 80)[0][4][0])`]);
    const giveSecret = () => {
      writeFileSync(shop.pathOf("db-password"), `${password}\n`, { mode: 0o600 });
      chmodSync(shop.pathOf("db-password"), 0o600);
    };

    before(async () => {
      shop = copyStack("shop", directory);
      giveSecret();
      shop.edit("shop.yaml", "www.ecb.europa.eu:443", `${rates.host}:${rates.port}`);
      shop.edit("app/app.yaml", "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", `http://${rates.host}:${rates.port}/`);
      await firstUp(shop, [shop.pathOf("web/web.yaml"), shop.pathOf("app/app.yaml"), shop.pathOf("db/db.yaml")]);
    });

    test("both instances count together in the database, and all is sound", async () => {
      const since = lastSeq(dock);
      const seen = new Set<string>();
      let visits = 0;
      // Side by side, so that nginx opens new connections: those that it keeps lead to where they led before.
      for (let round = 0; round < 15 && seen.size < 2; round++) {
        const many = new Array<string>(8).fill(`${url}/`);
        const answers = hosts.run("other", ["curl", "-s", "-Z", "--parallel-immediate", "-m", "15", ...many]);
        for (const [, instance = ""] of answers.matchAll(/"instance":\s*"([^"]+)"/g)) seen.add(instance);
        visits += many.length;
      }
      assert.equal(get("/").everywhere, visits + 1);
      assert.deepEqual([...seen].sort(), ["shop-app-1", "shop-app-2"]);
      await isSound("shop", since);
      const log: Buffer[] = [];
      const onData = (data: unknown) => void log.push(Buffer.from((data as { readonly bytes: string }).bytes, "base64"));
      await dock.client.call("logs", { name: "shop-app-1" as Name }, { onData });
      assert.equal(Buffer.concat(log).toString("utf8").trim(), "listening on port 9000", "probes leave its log alone");
    });

    test("of outside the application reaches the one place that is named, once it has asked for it", async () => {
      using _server = hosts.serve("other", ratesServer, [rates.page], rates.port);
      const reaches = () => hosts.connectsFromPin(dock, "shop-app-1" as Name, hosts.otherAddress, rates.port);
      assert.equal(await reaches(), false, "before anybody has asked");
      const since = lastSeq(dock);
      assert.equal((await look(rates.host, 1)).output, hosts.otherAddress);
      assert.equal(await reaches(), true);
      assert.equal(await hosts.connectsFromPin(dock, "shop-app-1" as Name, hosts.otherAddress, rates.port + 1), false, "another port");
      assert.deepEqual(get("/rate"), { day: "2026-01-02", usd: 1.0842 });

      for (const name of ["other.example.test", `secret.${rates.host}`]) assert.notEqual((await look(name, 1)).exitCode, 0, name);
      const refused = (name: string) =>
        waitForEvent(dock, ({ kind, message }) => kind === "dns.refused" && message.includes(`${name} (`), 10_000, since);
      assert.equal((await refused("other.example.test")).severity, "warning");
      assert.equal((await refused(`secret.${rates.host}`)).severity, "alert");
    });

    test("the password is the services' alone, and in no image, record or log", async () => {
      for (const [name, uid] of [
        ["shop-app-1", "33"],
        ["shop-db", "100"],
      ] as const) {
        assert.equal((await run(name, ["/bin/stat", "-c", "%a %u", "/run/secrets/db-password"])).output, `400 ${uid}`);
        assert.equal((await run(name, ["/bin/cat", "/run/secrets/db-password"])).output, password);
      }
      assert.notEqual((await run("shop-web", ["/bin/ls", "/run/secrets"])).exitCode, 0);
      // Volumes are long files of zeros, which would be one line to it without -z.
      const { status, stdout } = spawnSync("grep", ["-rlazF", "--devices=skip", password, dock.layout.root], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, LC_ALL: "C" },
      });
      assert.equal(status, 1, `it stands in ${stdout}`);
    });

    test("an edit and a replaced instance cost no request", async () => {
      shop.edit("shop.yaml", "count: 2", "count: 3");
      shop.edit("shop.yaml", "port: 9000/tcp, connections: 200", "port: 9000/tcp, connections: 300");
      const { steps } = await dock.client.call("stack-diff", { file: shop.file });
      assert.deepEqual(steps.map(({ change, what }) => `${change} ${what}`).sort(), ["add shop-app-3", "change web → app 9000/tcp"]);
      assert.deepEqual(faultsOf(await whileLoading(load, () => up(shop))), []);
      assert.deepEqual(faultsOf(await whileLoading(load, () => replaces("shop-app-1"))), []);
      assert.deepEqual(await serving("shop", "app"), [true, true, true]);
      await isSound("shop", lastSeq(dock));
    });

    test("the password outlives a reset and the dock, without its file", async () => {
      renameSync(shop.pathOf("db-password"), shop.pathOf("elsewhere"));
      await dock.quit();
      await dock.launch();
      await dock.client.call("reset", { names: ["shop-db" as Name] });
      assert.equal((await run("shop-db", ["/bin/cat", "/run/secrets/db-password"])).output, password);
      assert.ok(Number(get("/").everywhere) > 60);
      renameSync(shop.pathOf("elsewhere"), shop.pathOf("db-password"));
    });

    test("down keeps the database and its data, and with its volumes nothing", async () => {
      const { everywhere } = get("/");
      const { status } = await dock.client.call("stack-down", { stack: "shop" as Name });
      assert.equal(status, "down");
      const { iscs } = await dock.client.call("list", {});
      assert.deepEqual(
        iscs.map((isc) => `${isc.name} ${isc.status}`),
        ["shop-db stopped"],
      );
      await assert.rejects(dock.client.call("start", { names: ["shop-db"] }), (error) => isProblem(error) && error.code === "STACK_DOWN");
      await up(shop);
      assert.equal(get("/").everywhere, Number(everywhere) + 1);
      await leavesNothing("shop");
    });
  });

  describe("cache", () => {
    let cache: StackCopy;
    const ports = { write: 6379, read: 6380 } as const;
    const ask = (port: number, ...words: readonly string[]) => hosts.run("host", ["redis-cli", "-p", String(port), ...words]).trim();
    const faultsWhile = async (work: () => Promise<unknown>) => {
      const load = new RedisLoad({ ...ports, namespace: hosts.host });
      const done = work().then(() => sleep(1_000));
      const { asked, faults } = await done.then(
        () => load.stop(),
        () => load.stop(),
      );
      await done;
      assert.ok(asked > 50, String(asked));
      return [...new Set(faults)];
    };
    const allServe = (count: number) =>
      until(async () => {
        const states = await serving("cache", "replica");
        return states.length === count && states.every(Boolean);
      });

    before(async () => {
      cache = copyStack("cache", directory);
      await firstUp(cache, [cache.pathOf("primary.yaml"), cache.pathOf("replica.yaml")]);
    });

    test("what is written at the primary is read at the replicas, and all is sound", async () => {
      const since = lastSeq(dock);
      // In one connection: WAIT is about what that one has written.
      const words = `printf 'set colour blue\\nwait 3 5000\\n' | redis-cli -p ${ports.write}`;
      assert.equal(hosts.run("host", ["sh", "-c", words]), "OK\n3\n");
      for (let read = 0; read < 20; read++) assert.equal(ask(ports.read, "get", "colour"), "blue");
      assert.match(ask(ports.read, "set", "colour", "red"), /NOPERM|READONLY/);
      assert.notEqual(hosts.curl("other", "http://192.0.2.1:6380/"), "200");
      await isSound("cache", since);
    });

    test("an edit, a replaced replica, and one that is quarantined cost no request", async () => {
      cache.edit("cache.yaml", "count: 3", "count: 4");
      assert.deepEqual(await faultsWhile(() => up(cache)), []);
      await allServe(4);
      assert.deepEqual(await faultsWhile(() => replaces("cache-replica-2")), []);
      await allServe(4);
    });

    test("one that is killed is missed for a moment at most, and comes back with the data", async () => {
      const since = lastSeq(dock);
      const { iscs } = await dock.client.call("list", {});
      process.kill(iscs.find(({ name }) => name === "cache-replica-1")?.pid ?? assert.fail("it does not run"), "SIGKILL");
      await waitForEvent(dock, ({ isc, kind }) => isc === "cache-replica-1" && kind === "health.exited", 10_000, since);
      assert.deepEqual(await faultsWhile(() => sleep(1_000)), [], "while it is dead");
      assert.deepEqual(await faultsWhile(() => dock.client.call("start", { names: ["cache-replica-1" as Name] })), []);
      await allServe(4);
      await isSound("cache", lastSeq(dock));
    });

    test("down leaves nothing", () => leavesNothing("cache"));
  });

  describe("admin", () => {
    let admin: StackCopy;
    const url = "http://192.0.2.1:8090/";
    const load = (seconds: number) =>
      Promise.all([true, false].map((keepAlive) => runWrk({ url, seconds, keepAlive, connections: 4, namespace: hosts.other })));
    const addressOf = async (name: string) => {
      const { interfaces } = (await view("admin")).iscs.find((isc) => isc.name === name) ?? assert.fail(`no ISC ${name}`);
      return interfaces[0]?.address ?? assert.fail(`${name} has no address`);
    };
    const ssh = (side: "host" | "other", address: string, ...words: readonly string[]) => {
      const settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=2"];
      const options = ["-F", "none", "-i", admin.pathOf("key"), ...settings.flatMap((setting) => ["-o", setting])];
      const command = ["netns", "exec", hosts[side], "ssh", ...options, `admin@${address}`, ...words];
      return spawnSync("ip", command, { encoding: "utf8" });
    };

    before(async () => {
      admin = copyStack("admin", directory);
      const { status, stderr } = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", admin.pathOf("key")]);
      assert.equal(status, 0, String(stderr));
      writeFileSync(admin.pathOf("authorized-keys"), readFileSync(admin.pathOf("key.pub")));
      await firstUp(admin, [admin.pathOf("web/web.yaml"), admin.pathOf("sshd/sshd.yaml")]);
    });

    test("this host's key gets the forced command and nothing else, and all is sound", async () => {
      const since = lastSeq(dock);
      for (const name of ["admin-sshd-1", "admin-sshd-2"]) {
        const address = await addressOf(name);
        assert.equal(ssh("host", address, "instance").stdout.trim(), name);
        assert.match(ssh("host", address, "status").stdout, /^Active connections: \d/);
      }
      const { status, stderr } = ssh("host", await addressOf("admin-sshd-1"), "sh", "-c", "id");
      assert.equal(status, 64);
      assert.match(stderr, /no such command/);
      assert.equal(hosts.curl("other", url), "200");
      await isSound("admin", since);
    });

    test("nobody else reaches it", async () => {
      const [first, second] = [await addressOf("admin-sshd-1"), await addressOf("admin-sshd-2")];
      hosts.run("other", ["ip", "route", "add", `${first}/32`, "via", hosts.hostAddress]);
      assert.equal(ssh("other", first, "instance").status, 255);
      for (const [from, to] of [
        ["admin-web", first],
        ["admin-sshd-1", second],
      ] as const)
        assert.equal(await hosts.connectsFromPin(dock, from as Name, to, 22), false, from);
      assert.equal(hosts.curl("host", `http://${await addressOf("admin-web")}:8081/status`), "000");
    });

    test("an edit and a replaced web server's guard cost no request", async () => {
      admin.edit("admin.yaml", "count: 2", "count: 3");
      assert.deepEqual(faultsOf(await whileLoading(load, () => up(admin))), []);
      assert.deepEqual(faultsOf(await whileLoading(load, () => replaces("admin-sshd-1"))), []);
      assert.deepEqual(await serving("admin", "sshd"), [true, true, true]);
      assert.equal(ssh("host", await addressOf("admin-sshd-1"), "instance").stdout.trim(), "admin-sshd-1");
      await isSound("admin", lastSeq(dock));
    });

    test("down leaves nothing", () => leavesNothing("admin"));
  });
});

/** The load begins before the work and ends after it. */
async function whileLoading(
  load: (seconds: number) => Promise<readonly LoadReport[]>,
  work: () => Promise<unknown>,
): Promise<readonly LoadReport[]> {
  const reports: LoadReport[] = [];
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  do reports.push(...(await load(2)));
  while (!isDone);
  await done;
  return reports;
}

function faultsOf(reports: readonly LoadReport[]): readonly string[] {
  assert.ok(reports.every(({ requests }) => requests > 0));
  return reports.flatMap(({ faults }) => faults);
}

async function until(holds: () => Promise<boolean>, otherwise = () => "it never came to be so"): Promise<void> {
  for (let look = 0; look < 300; look++) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(otherwise());
}
