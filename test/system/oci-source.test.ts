import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { buildIds } from "../../src/engine/build/build-ids.ts";
import { fetchOciImage, unpackOciImage } from "../../src/engine/build/from-oci.ts";
import type { Host } from "../../src/host/host.ts";
import { createLocalHost } from "../../src/host/local-host.ts";
import { closeKernel, openKernel } from "../../src/host/local-kernel.ts";
import { createReadTree } from "../../src/host/tree.ts";
import { freeHostPort } from "./support/free-port.ts";
import { makeTar, type TarEntry, writeOciLayout } from "./support/oci-layout.ts";

const run = promisify(execFile);
const kernel = openKernel();
const host = createLocalHost(kernel);
const readTree = createReadTree();
const area = mkdtempSync(join(tmpdir(), "isc-oci-"));
const silent = () => {};
let works = 0;

after(async () => {
  await closeKernel(kernel);
  rmSync(area, { recursive: true });
});

function makeWork() {
  works += 1;
  const work = join(area, `work-${works}`);
  mkdirSync(work, { mode: 0o700 });
  return { host, readTree, signal: undefined, work };
}

async function build(reference: string) {
  const context = makeWork();
  const image = await fetchOciImage(context, reference, silent);
  return { image, ...(await unpackOciImage(context, image, silent)) };
}

function layoutOf(name: string, layers: readonly (readonly TarEntry[])[], config?: Readonly<Record<string, unknown>>): string {
  const directory = join(area, name);
  writeOciLayout(directory, layers.map(makeTar), config);
  return `oci:${directory}:latest`;
}

/** An image made by umoci: a folder becomes a layer, then its configuration is set. */
async function makeHonestLayout(): Promise<string> {
  const layout = join(area, "honest");
  const root = join(area, "honest-root");
  for (const folder of ["bin", "etc", "srv"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "bin/app"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n");
  const image = ["--image", `${layout}:latest`];
  await run("umoci", ["init", "--layout", layout]);
  await run("umoci", ["new", ...image]);
  await run("umoci", ["insert", ...image, root, "/"]);
  const settings = [
    "--config.entrypoint=/bin/app",
    "--config.cmd=serve",
    "--config.user=app",
    "--config.exposedports=8080/tcp",
    "--config.env=A=b",
  ];
  await run("umoci", ["config", ...image, "--os=linux", `--architecture=${process.arch === "x64" ? "amd64" : process.arch}`, ...settings]);
  return layout;
}

let honest = "";
before(async () => {
  honest = await makeHonestLayout();
});

test("an image's root, owners and configuration are the same from a layout and from both kinds of archive", async () => {
  const from = `oci:${honest}:latest`;
  await run("skopeo", ["--insecure-policy", "copy", "-q", from, `oci-archive:${area}/honest.tar`]);
  await run("skopeo", ["--insecure-policy", "copy", "-q", from, `docker-archive:${area}/honest-docker.tar:app:1`]);
  const digests = new Set<string>();
  for (const reference of [from, `oci-archive:${area}/honest.tar`, `docker-archive:${area}/honest-docker.tar`]) {
    const { image, tree } = await build(reference);
    assert.deepEqual(image.config.config?.Entrypoint, ["/bin/app"]);
    assert.deepEqual(image.config.config?.Cmd, ["serve"]);
    assert.equal(image.config.config?.User, "app");
    const app = statSync(join(tree, "bin/app"));
    assert.deepEqual([app.mode & 0o7777, app.uid], [0o755, buildIds.hostId]);
    digests.add(image.layersDigest);
  }
  assert.equal(digests.size, 1);
});

test("an image comes from a registry on the loopback address", async () => {
  await withRegistry(async (address) => {
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      "-q",
      "--dest-tls-verify=false",
      `oci:${honest}:latest`,
      `docker://${address}/team/app:1`,
    ]);
    const { tree } = await build(`docker://${address}/team/app:1`);
    assert.ok(existsSync(join(tree, "bin/app")));
    await assert.rejects(build(`docker://${address}/team/none:1`), {
      code: "BUILD_FAILED",
      message: /^cannot fetch docker:.*none:1: .*(unknown|not found)/,
    });
  });
});

test("paths that lead out of the tree stay in it, and the host is not touched", async () => {
  const outside = join(area, "outside");
  mkdirSync(outside);
  const up = "../".repeat(12);
  const { tree } = await build(
    layoutOf("escape", [
      [
        { name: `${up}${outside.slice(1)}/dots`, type: "0", content: "x" },
        { name: "etc", type: "5", mode: 0o755 },
        { name: "way", type: "2", link: outside },
        { name: "way/through-link", type: "0", content: "x" },
        { name: "climb", type: "2", link: `${up}${outside.slice(1)}` },
        { name: "climb/through-dots", type: "0", content: "x" },
        { name: "/absolute", type: "0", content: "x" },
      ],
    ]),
  );
  assert.deepEqual(await host.files.list(outside), []);
  assert.ok(!existsSync("/absolute"));
  assert.equal(readFileSync(join(tree, "absolute"), "utf8"), "x");
  assert.equal(lstatSync(join(tree, "way")).isSymbolicLink(), true);
});

test("a later layer cannot write or delete through a link of an earlier one", async () => {
  const outside = join(area, "outside-layers");
  mkdirSync(outside);
  writeFileSync(join(outside, "kept"), "kept");
  const first: TarEntry[] = [{ name: "data", type: "2", link: outside }];
  const second: TarEntry[] = [
    { name: "data/new", type: "0", content: "x" },
    { name: "data/.wh.kept", type: "0" },
  ];
  const { tree } = await build(layoutOf("layers", [first, second]));
  assert.deepEqual(await host.files.list(outside), ["kept"]);
  assert.equal(readFileSync(join(tree, outside, "new"), "utf8"), "x");
});

test("a root that is itself a link does not lead out", async () => {
  const outside = join(area, "outside-root");
  mkdirSync(outside);
  const layers: TarEntry[][] = [[{ name: ".", type: "2", link: outside }], [{ name: "x", type: "0", content: "x" }]];
  await assert.rejects(build(layoutOf("root-link", layers)), {
    code: "SOURCE_REFUSED",
    message: /refusing to change type of root directory$/,
  });
  assert.deepEqual(await host.files.list(outside), []);
});

test("a hard link to a file of the host is refused", async () => {
  const secret = join(area, "secret");
  writeFileSync(secret, "secret", { mode: 0o644 });
  const before = lstatSync(secret).nlink;
  const link = `${"../".repeat(12)}${secret.slice(1)}`;
  await assert.rejects(build(layoutOf("hard-link", [[{ name: "stolen", type: "1", link }]])), {
    code: "SOURCE_REFUSED",
    message: /stolen: link: no such file/,
  });
  assert.equal(lstatSync(secret).nlink, before);
});

test("devices and pipes do not get into the tree, setuid files are named", async () => {
  const { tree, privileged } = await build(
    layoutOf("special", [
      [
        { name: "null", type: "3", mode: 0o666 },
        { name: "pipe", type: "6" },
        { name: "su", type: "0", mode: 0o4755, content: "x" },
        { name: "shared", type: "5", mode: 0o2755 },
        { name: "link", type: "2", link: "/su" },
      ],
    ]),
  );
  // Whoever may not make devices gets an empty file instead.
  assert.equal(lstatSync(join(tree, "null")).isFile(), true);
  assert.equal(existsSync(join(tree, "pipe")), false);
  assert.deepEqual(privileged, ["/shared", "/su"]);
  assert.equal(readlinkSync(join(tree, "link")), "/su");
});

test("an owner beyond an ISC's ids is refused", async () => {
  const layers: TarEntry[][] = [[{ name: "x", type: "0", uid: 70_000, content: "x" }]];
  await assert.rejects(build(layoutOf("owner", layers)), { code: "SOURCE_REFUSED", message: /^cannot unpack oci:.*invalid argument$/ });
});

test("a layer that is not what its digest says is refused", async () => {
  const reference = layoutOf("tampered", [[{ name: "x", type: "0", content: "x" }]]);
  const index = JSON.parse(readFileSync(join(area, "tampered/index.json"), "utf8")) as { manifests: { digest: string }[] };
  const blob = (digest: string | undefined) => join(area, "tampered/blobs/sha256", (digest ?? "").slice("sha256:".length));
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0]?.digest), "utf8")) as { layers: { digest: string }[] };
  writeFileSync(blob(manifest.layers[0]?.digest), makeTar([{ name: "y", type: "0", content: "y" }]));
  await assert.rejects(build(reference), { code: "BUILD_FAILED" });
});

test("an image for another machine, and a reference of another kind, are one clear sentence", async () => {
  const reference = layoutOf("foreign", [[{ name: "x", type: "0" }]], { architecture: "s390x" });
  await assert.rejects(build(reference), { message: /for linux on s390x|no image found|architecture/ });
  await assert.rejects(build("docker-daemon:app:1"), { code: "SOURCE_REFUSED" });
  await assert.rejects(build(`oci:${area}/nothing-here`), { code: "BUILD_FAILED" });
});

/** Debian's docker-registry on a free port, with its blobs in the test's own folder. */
async function withRegistry(use: (address: string) => Promise<void>): Promise<void> {
  const port = await freeHostPort();
  const config = join(area, "registry.json");
  const address = `127.0.0.1:${port}`;
  const storage = { filesystem: { rootdirectory: join(area, "registry") } };
  writeFileSync(config, JSON.stringify({ version: "0.1", log: { level: "error" }, storage, http: { addr: address } }));
  const registry = host.start({ program: "docker-registry", arguments: ["serve", config] });
  try {
    await waitFor(host, `http://${address}/v2/`);
    await use(address);
  } finally {
    registry.kill("SIGTERM");
    await registry.exited;
  }
}

async function waitFor(machine: Host, url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await machine.sleep(50);
  }
  assert.fail(`nothing answers at ${url}`);
}
