/** What an unlucky or hostile operator sends, and what an intruder inside tries: one clear sentence, and nothing changed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Problem } from "../../src/base/problem.ts";
import type { Name } from "../../src/model/name.ts";
import { blueprintPath, buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { findStrays } from "./support/strays.ts";

const web = "web" as Name;

describe("hostile hands", () => {
  let dock: TestDock;
  let folder: string;
  let image: string;

  before(async () => {
    dock = await TestDock.start();
    folder = mkdtempSync("/var/tmp/isc-test-hostile-");
    cpSync(path.dirname(blueprintPath("nginx")), folder, { recursive: true });
    image = (await buildReady(dock, "nginx")).digest;
    await dock.client.call("create", { name: web, image });
    await dock.client.call("unexpose", { name: web, hostPort: 8080, protocol: "tcp" });
    await dock.client.call("start", { names: [web] });
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** One sentence with this code; afterwards list, images and traces are what they were. */
  const refuses = async (call: () => Promise<unknown>, code: string, words: RegExp) => {
    const look = async () => ({ list: (await dock.client.call("list", {})).iscs, images: (await dock.client.call("images", {})).images });
    const earlier = await look();
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof Problem, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /\n|\bat .*\.ts:\d+/);
      return true;
    });
    const later = await look();
    assert.deepEqual(later, earlier);
    assert.deepEqual(await findStrays(dock, later.list), []);
  };
  const build = (change: (text: string) => string) => () => {
    const file = path.join(folder, "changed.yaml");
    writeFileSync(file, change(readFileSync(blueprintPath("nginx"), "utf8")));
    return dock.client.call("build", { blueprint: file });
  };

  test("a blueprint that cannot be read, or is none, is refused", async () => {
    await refuses(() => dock.client.call("build", { blueprint: "/no/such.yaml" }), "BLUEPRINT_UNREADABLE", /no such file/);
    await refuses(() => dock.client.call("build", { blueprint: "/dev/zero" }), "BLUEPRINT_UNREADABLE", /not a file/);
    await refuses(
      build(() => "a: &a [x, x]\nb: [*a, *a]\n"),
      "BLUEPRINT_INVALID",
      /changed.yaml:1/,
    );
    await refuses(
      build((text) => text.replace("network:", "netwrok:")),
      "BLUEPRINT_INVALID",
      /did you mean/,
    );
  });

  test("a file that a symlink leads out of the blueprint's folder for is refused", async () => {
    symlinkSync("/etc/shadow", path.join(folder, "leak"));
    await refuses(
      build((text) => text.replace(/^files:$/m, "files:\n  /var/www/leak: ./leak")),
      "BUILD_FAILED",
      /leak/,
    );
  });

  test("a package that does not exist is named", async () => {
    await refuses(
      build((text) => text.replace("nginx-light", "no-such-package-anywhere")),
      "BUILD_FAILED",
      /no-such-package-anywhere/,
    );
  });

  test("names that are taken, odd or lead elsewhere are refused", async () => {
    await refuses(() => dock.client.call("create", { name: web, image }), "NAME_TAKEN", /web/);
    for (const name of ["../x", "a/b", "", "A", "x\0y", "-x"]) {
      await refuses(() => dock.client.call("create", { name: name as Name, image }), "USAGE", /name/);
    }
  });

  test("a host port that a program or another ISC has is refused", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const taken = typeof address === "object" && address ? address.port : 0;
    const exposure = { hostPort: taken, port: 80, protocol: "tcp" } as const;
    await refuses(() => dock.client.call("expose", { name: web, exposure }), "PORT_TAKEN", /a program of the host/);
    server.close();
  });

  test("an image with one changed byte, or without its signature, is not started", async () => {
    const other = "other" as Name;
    await dock.client.call("clone", { source: "web", name: other });
    const { manifest } = await dock.client.call("show", { name: other });
    const { digest } = manifest;
    const sbom = dock.layout.image.sbom(digest);
    const whole = readFileSync(sbom);
    writeFileSync(sbom, `${whole} `);
    await refuses(() => dock.client.call("start", { names: [other] }), "IMAGE_TAMPERED", /sbom/);
    writeFileSync(sbom, whole);
    const signature = dock.layout.image.provenance(digest);
    const signed = readFileSync(signature, "utf8");
    writeFileSync(signature, signed.replace(/"sig": ?"../, '"sig":"AA'));
    await refuses(() => dock.client.call("start", { names: [other] }), "IMAGE_UNSIGNED", /key|signature/);
    writeFileSync(signature, signed);
    await dock.client.call("destroy", { names: [other] });
  });

  test("a request that is no request is refused, and the dock lives on", async () => {
    const post = (operation: string, body: string) => {
      const words = ["-s", "--unix-socket", dock.layout.socket, "-d", "@-", `http://dock/v1/${operation}`];
      return spawnSync("curl", words, { input: body, encoding: "utf8" }).stdout;
    };
    for (const [operation, body] of [
      ["list", "{"],
      ["list", '{"x":1}'],
      ["nothing", "{}"],
      ["list", "x".repeat(2_000_000)],
      ["__proto__", "{}"],
    ] as const) {
      assert.match(post(operation, body), /"code":"USAGE"/, `${operation} ${body.slice(0, 20)}`);
    }
    assert.equal((await dock.client.call("list", {})).iscs.length, 1);
  });

  test("an intruder inside can do none of this", async () => {
    const attempts: Readonly<Record<string, string>> = {
      "mount a file system": "mount -t tmpfs none /tmp",
      "make namespaces": "unshare -Ur true || unshare -n true",
      "write a kernel setting": "echo 1 > /proc/sys/kernel/panic",
      "make a device": "mknod /tmp/sda b 8 0",
      "open the host's memory": "cat /dev/mem || cat /dev/kmem || cat /proc/kcore",
      "change a device's mode": "chmod 600 /dev/null || chown 33 /dev/zero",
      "execute what it wrote": "cp /bin/true /tmp/t; chmod +x /tmp/t; /tmp/t",
      "execute it by the loader": "cp /bin/true /tmp/t; /lib64/ld-linux-x86-64.so.2 /tmp/t",
      "execute it from another place": "cp /bin/true /dev/shm/t; chmod +x /dev/shm/t; /dev/shm/t",
      "change who it is": "echo '1.2.3.4 x' >> /etc/hosts || echo x > /etc/machine-id || hostname evil",
      "look past its own process 1": "test -e /proc/1/root/var/lib/isc || ls /proc | grep -qx 4000000",
      "become root": "chroot / true || setpriv --reuid=0 true || su -c true",
    };
    for (const [what, script] of Object.entries(attempts)) {
      const { exitCode } = await dock.client.call("exec", { name: web, command: ["/bin/sh", "-c", `(${script}) 2>/dev/null`] });
      assert.notEqual(exitCode, 0, what);
    }
    await dock.client.call("reset", { names: [web] });
  });

  test("scratch that is full and a bomb of processes stay inside", async () => {
    const exec = (script: string) => dock.client.call("exec", { name: web, command: ["/bin/sh", "-c", script] });
    assert.notEqual((await exec("head -c 100000000 /dev/zero > /tmp/big")).exitCode, 0);
    await exec("b() { b | b & }; b; sleep 1").catch(() => undefined);
    assert.ok(Number(readFileSync("/proc/loadavg", "utf8").split("/")[1]?.split(" ")[0]) < 5_000);
    await dock.client.call("reset", { names: [web] });
    const { findings } = await dock.client.call("verify", { names: [web] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  });
});
