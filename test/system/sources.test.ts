/** ISCs from a directory, from an OCI archive, and with several services: built, started, asked, verified. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { waitForPage } from "./support/http-get.ts";
import { askRaw } from "./support/raw-client.ts";

/** Debian's static busybox: a whole web server in one file, whatever the image has besides. */
const busybox = "/bin/busybox";

describe("sources of an ISC", () => {
  let dock: TestDock;
  let folder: string;

  before(async () => {
    dock = await TestDock.start();
    folder = mkdtempSync("/var/tmp/isc-test-sources-");
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (program: string, ...words: readonly string[]) => {
    const result = spawnSync(program, words, { encoding: "utf8" });
    assert.equal(result.status, 0, `${program} ${words.join(" ")}: ${result.stderr}`);
  };
  const makeRoot = (root: string) => {
    for (const place of ["bin", "etc", "srv"]) mkdirSync(path.join(root, place), { recursive: true });
    copyFileSync(busybox, path.join(root, "bin/busybox"));
    writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0::/:/bin/busybox\nhttp:x:1000:1000::/srv:/bin/busybox\n");
    writeFileSync(path.join(root, "etc/group"), "root:x:0:\nhttp:x:1000:\n");
    writeFileSync(path.join(root, "srv/index.html"), "<title>from nowhere</title>\n");
  };
  const start = async (name: Name, blueprint: string, port: number): Promise<number> => {
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, blueprint);
    const { digest } = await dock.client.call("build", { blueprint: file });
    await dock.client.call("create", { name, image: digest });
    const hostPort = await freeHostPort();
    await dock.client.call("expose", { name, exposure: { hostPort, port, protocol: "tcp" } });
    await dock.client.call("start", { names: [name] });
    return hostPort;
  };
  const holds = async (name: Name) => {
    const { findings } = await dock.client.call("verify", { names: [name] });
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === "FAIL"),
      [],
    );
  };

  test("a directory becomes an ISC that serves", async () => {
    const name = "folder" as Name;
    makeRoot(path.join(folder, "root"));
    const port = await start(
      name,
      `isc: 1
name: folder
from: { directory: ./root }
services:
  httpd: { command: [/bin/busybox, httpd, -f, -p, "8000", -h, /srv], user: http }
network: { listen: [8000] }
`,
      8000,
    );
    assert.match((await waitForPage(`http://127.0.0.1:${port}/`)).body, /from nowhere/);
    await holds(name);
    await dock.client.call("destroy", { names: [name] });
  });

  test("an OCI archive becomes an ISC by its own entrypoint, user and port", async () => {
    const name = "archive" as Name;
    const layout = path.join(folder, "layout");
    const bundle = path.join(folder, "bundle");
    run("umoci", "init", "--layout", layout);
    run("umoci", "new", "--image", `${layout}:one`);
    run("umoci", "unpack", "--image", `${layout}:one`, bundle);
    makeRoot(path.join(bundle, "rootfs"));
    run("umoci", "repack", "--image", `${layout}:one`, bundle);
    const config = [
      "--config.entrypoint=/bin/busybox",
      "--config.cmd=httpd",
      "--config.cmd=-f",
      "--config.cmd=-p",
      "--config.cmd=8000",
      "--config.cmd=-h",
      "--config.cmd=/srv",
    ];
    run(
      "umoci",
      "config",
      "--image",
      `${layout}:one`,
      ...config,
      "--config.user=http",
      "--config.exposedports=8000/tcp",
      "--config.env=GREETING=hello",
    );
    run("skopeo", "--insecure-policy", "copy", "-q", `oci:${layout}:one`, `oci-archive:${folder}/image.tar:one`);
    const port = await start(
      name,
      `isc: 1
name: archive
from: { oci: "oci-archive:./image.tar:one" }
services: { httpd: {} }
network: { listen: [8000] }
`,
      8000,
    );
    assert.match((await waitForPage(`http://127.0.0.1:${port}/`)).body, /from nowhere/);
    await holds(name);
    const { manifest } = await dock.client.call("show", { name });
    assert.equal(manifest.services[0]?.uid, 1000);
    assert.equal(manifest.services[0]?.environment.GREETING, "hello");
    await dock.client.call("destroy", { names: [name] });
  });

  test("two services of one user live in one ISC under s6, and one that dies comes back", async () => {
    const name = "pair" as Name;
    const port = await start(
      name,
      `isc: 1
name: pair
from: { debian: bookworm, packages: [busybox-static, memcached] }
services:
  memcached: { command: [/usr/bin/memcached, -l, 0.0.0.0, -m, "16"], user: nobody }
  httpd: { command: [/bin/busybox, httpd, -f, -p, "8000", -h, /srv], user: nobody }
files:
  /srv/index.html: { content: "two of us\\n" }
network: { listen: [8000, 11211] }
`,
      8000,
    );
    const cache = await freeHostPort();
    await dock.client.call("expose", { name, exposure: { hostPort: cache, port: 11_211, protocol: "tcp" } });
    assert.match((await waitForPage(`http://127.0.0.1:${port}/`)).body, /two of us/);
    assert.match((await askRaw(cache, "version\r\n", /\r\n/)) ?? "", /^VERSION/);
    await holds(name);
    await dock.client.call("exec", { name, command: ["/bin/busybox", "pkill", "memcached"] });
    const deadline = Date.now() + 10_000;
    let answer: string | undefined;
    while (!answer && Date.now() < deadline) answer = await askRaw(cache, "version\r\n", /\r\n/, 500);
    assert.match(answer ?? "", /^VERSION/, "s6 has started it again");
    await dock.client.call("stop", { names: [name] });
    await dock.client.call("destroy", { names: [name] });
  });
});
