/**
 * Somebody who runs code inside an ISC. Every attempt says by which error it was refused: a tool that the image lacks proves nothing.
 * The calls are made by Perl's syscall with the numbers of x86-64; calls that a host's root may make are made there too, as the control.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Name } from "../../src/model/name.ts";
import { buildReady } from "./support/blueprints.ts";
import { TestDock } from "./support/dock.ts";
import { freeHostPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";

const web = "web" as Name;
const other = "other" as Name;

/** Number and arguments, in Perl's words. `works` are controls: without them a broken caller would look like a closed door. */
const calls = {
  works: { getpid: "39", "memory to write": "9, 0, 4096, 3, 0x22, -1, 0", "a tcp socket": "41, 2, 1, 0" },
  refused: {
    "memory to write and execute": "9, 0, 4096, 7, 0x22, -1, 0",
    memfd_create: '319, "x", 0',
    "a raw socket": "41, 2, 3, 1",
    "a packet socket": "41, 17, 3, 768",
    "a mount namespace": "272, 0x20000",
    "a user namespace": "272, 0x10000000",
    setns: "308, 0, 0",
    mount: '165, "none", "/tmp", "tmpfs", 0, 0',
    pivot_root: '155, "/tmp", "/tmp"',
    chroot: '161, "/"',
    ptrace: "101, 0, 0, 0, 0",
    process_vm_readv: "310, 1, 0, 0, 0, 0, 0",
    bpf: "321, 0, 0, 0",
    keyctl: "250, 0, -3, 0",
    io_uring_setup: '425, 1, "\\0" x 120',
    userfaultfd: "323, 1",
    perf_event_open: '298, "\\0" x 128, 0, -1, -1, 0',
    init_module: '175, "x", 1, ""',
    open_by_handle_at: '304, -100, "\\0" x 8, 0',
    reboot: "169, 0, 0, 0",
    swapon: '167, "/tmp/x", 0',
    "uid 0": "105, 0",
  },
  /** Of those refused, what root of the host may do without harm to anything but the asking process. */
  hostMay: ["memory to write and execute", "memfd_create", "a raw socket", "a packet socket", "a mount namespace", "a user namespace"],
} as const;

/** Each call in a line: its name, and "done" or the error. */
const perl = (wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted)
    .map(
      ([name, words]) =>
        `{ my @a = (${words}); $! = 0; print "${name}=", (syscall($a[0], @a[1 .. $#a]) == -1 ? (grep { $!{$_} } keys %!)[0] : "done"), "\\n"; }`,
    )
    .join("\n");
const parse = (output: string) =>
  Object.fromEntries(
    output
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );

const skip = process.arch !== "x64" && "the numbers are those of x86-64";
for (const runtime of ["crun", "runc"]) describe(`an intruder in an ISC under ${runtime}`, { skip }, () => intrude(runtime));

function intrude(runtime: string): void {
  let dock: TestDock;

  before(async () => {
    dock = await TestDock.start({ environment: { ISC_RUNTIME: runtime } });
    const image = (await buildReady(dock, "nginx")).digest;
    for (const name of [web, other]) {
      await dock.client.call("create", { name, image });
      await dock.client.call("unexpose", { name, hostPort: 8080, protocol: "tcp" }).catch(() => undefined);
      if (name === web) await dock.client.call("start", { names: [name] });
    }
  });

  after(() => dock[Symbol.asyncDispose]());

  const run = async (command: readonly string[]) => {
    let output = "";
    const onData = (data: unknown) => {
      output += Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString();
    };
    const { exitCode } = await dock.client.call("exec", { name: web, command: [...command] }, { onData });
    return { exitCode, output };
  };
  const shell = (script: string) => run(["/bin/sh", "-c", script]);

  test("dangerous system calls are refused by the kernel, ordinary ones work", async () => {
    const inside = parse((await run(["/usr/bin/perl", "-MErrno", "-e", perl({ ...calls.works, ...calls.refused })])).output);
    for (const name of Object.keys(calls.works)) assert.equal(inside[name], "done", name);
    for (const name of Object.keys(calls.refused)) assert.match(inside[name] ?? "nothing", /^(EPERM|EAFNOSUPPORT|ENOSYS)$/, name);
  });

  test("the same calls, made by the host's root, succeed: it is the ISC that refuses them", () => {
    for (const name of calls.hostMay) {
      const { stdout } = spawnSync("perl", ["-MErrno", "-e", perl({ [name]: calls.refused[name] })], { encoding: "utf8" });
      assert.equal(parse(stdout)[name], "done", name);
    }
  });

  test("files and settings of the system refuse to be changed, each with its reason", async () => {
    const attempts: Readonly<Record<string, RegExp>> = {
      "echo 1 > /proc/sys/kernel/panic": /Read-only file system/,
      "echo x > /etc/machine-id": /Read-only file system|Permission denied/,
      "echo x >> /etc/hosts": /Read-only file system|Permission denied/,
      "echo x > /usr/bin/x": /Read-only file system|Permission denied/,
      "mknod /tmp/disk b 8 0": /Operation not permitted/,
      "chmod 600 /dev/null": /Operation not permitted/,
      "chown 33 /dev/zero": /Operation not permitted/,
      "cat /proc/kcore": /No such file|Permission denied/,
    };
    for (const [script, reason] of Object.entries(attempts)) assert.match((await shell(script)).output, reason, script);
    const device = statSync("/dev/null");
    assert.deepEqual([device.uid, device.mode & 0o777], [0, 0o666]);
  });

  test("from no place that can be written does anything execute, not even through the loader", async () => {
    const { output } = await shell("grep ' rw,' /proc/self/mounts | cut -d' ' -f2");
    const places = output
      .trim()
      .split("\n")
      .filter((place) => !/^\/(proc|dev\/(?!shm))/.test(place));
    assert.ok(places.includes("/tmp") && places.includes("/dev/shm"), output);
    for (const place of places) {
      const copied = await shell(`cp /bin/true ${place}/t && chmod 755 ${place}/t`);
      // A place of which only a part is the service's own cannot be written at its top: then there is nothing to execute.
      if (copied.exitCode !== 0) assert.match(copied.output, /Permission denied/, place);
      else {
        assert.match((await shell(`${place}/t`)).output, /Permission denied/, place);
        assert.match((await shell(`/lib64/ld-linux-x86-64.so.2 ${place}/t`)).output, /failed to map segment/, place);
      }
    }
  });

  test("nothing of the host or of another ISC can be seen or signalled", async () => {
    await dock.client.call("start", { names: [other] });
    const hostPids = (await dock.client.call("list", {})).iscs.map(({ pid }) => pid);
    for (const pid of [...hostPids, dock.pid]) {
      assert.match((await run(["/usr/bin/perl", "-e", `print kill(0, ${pid}) ? "reached" : "$!"`])).output, /No such process/);
    }
    assert.match((await shell(`ls ${dock.layout.root}`)).output, /No such file/);
    await dock.client.call("stop", { names: [other] });
  });

  test("a port that was not declared is open inside and closed outside", async () => {
    const { address } = (await dock.client.call("list", {})).iscs.find(({ name }) => name === web) ?? {};
    const serve = `use IO::Socket::INET; $s = IO::Socket::INET->new(LocalPort => 4444, Listen => 1, ReuseAddr => 1) or die "no: $!"; print "up\\n"; sleep 3;`;
    const serving = run(["/usr/bin/perl", "-e", `$| = 1; ${serve}`]);
    assert.equal(await httpGet(`http://${address}:4444/`, 1_000), undefined);
    assert.match((await serving).output, /^up/, "it did listen");
    const port = await freeHostPort();
    await dock.client.call("expose", { name: web, exposure: { hostPort: port, port: 80, protocol: "tcp" } });
    assert.equal((await httpGet(`http://127.0.0.1:${port}/`))?.status, 200, "and the declared one is reached");
  });

  test("scratch ends at its size, and a bomb of processes at its limit", async () => {
    assert.match((await shell("head -c 100000000 /dev/zero > /tmp/big")).output, /No space left/);
    await dock.client.call("reset", { names: [web] });
    const limit = Number(readFileSync(`/sys/fs/cgroup/pids/isc-${dock.tag}/${web}/pids.max`, "utf8"));
    const bomb = `$n = 0; while ($n < 500) { $p = fork(); if (!defined $p) { print "stopped at $n: $!\\n"; last } if (!$p) { sleep 2; exit } $n++ }`;
    const { output } = await run(["/usr/bin/perl", "-e", `$| = 1; ${bomb}`]);
    assert.match(output, /stopped at \d+: Resource temporarily unavailable/);
    assert.ok(Number(/stopped at (\d+)/.exec(output)?.[1]) < limit, output);
  });

  test("a program that takes all memory is ended by the kernel, at the ISC's limit", async () => {
    // By and by, and bounded: four times the limit.
    const { exitCode, output } = await run([
      "/usr/bin/perl",
      "-e",
      'for my $n (1 .. 512) { push @x, chr(65 + $n % 26) x 1e6 } print "all of it"',
    ]);
    assert.doesNotMatch(output, /all of it/);
    assert.equal(exitCode, 137, "128 and SIGKILL");
    const cgroup = `/sys/fs/cgroup/memory/isc-${dock.tag}/${web}`;
    const read = (file: string) => readFileSync(`${cgroup}/${file}`, "utf8");
    assert.match(read("memory.oom_control"), /^oom_kill [1-9]/m, "it was this ISC's limit that ended it");
    assert.ok(Number(read("memory.max_usage_in_bytes")) <= Number(read("memory.limit_in_bytes")));
    assert.equal((await dock.client.call("list", {})).iscs.find(({ name }) => name === web)?.status, "running", "the service lives on");
    assert.equal(existsSync(`${process.cwd()}/oom`), false, "nothing is written where the dock happens to have been started");
    await dock.client.call("reset", { names: [web] });
  });
}
