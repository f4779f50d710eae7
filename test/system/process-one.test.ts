import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Service } from "../../src/model/image.ts";
import { type PlannedInit, planInit } from "../../src/plan/services/plan-init.ts";

/** Says so when it starts and when it is told to stop; `crash` files make it end once. */
const script = `echo "$1 started as $(id -u):$(id -g) in $(pwd)"
trap 'echo "$1 got QUIT"; exit 0' QUIT
trap 'echo "$1 got TERM"; exit 0' TERM
while :; do
  if [ -e "/run/crash-$1" ]; then rm "/run/crash-$1"; echo "$1 crashes"; exit 7; fi
  sleep 0.05
done`;

function service(name: string, more: Partial<Service> = {}): Service {
  const basics = { uid: 33, gid: 33, groups: [], environment: { PATH: "/usr/bin:/bin", WORD: "it's" }, workingDirectory: "/srv" };
  return Service.parse({
    name,
    command: ["/bin/sh", "-c", script, "sh", name],
    prepare: [],
    ...basics,
    stopSignal: "SIGQUIT",
    stopTimeoutMs: 5_000,
    ...more,
  });
}

interface Running {
  readonly text: () => string;
  readonly until: (pattern: RegExp) => Promise<void>;
  /** Signals process 1 and answers how it ended. */
  readonly stop: (signal: NodeJS.Signals) => Promise<number | null>;
  readonly exited: Promise<number | null>;
  readonly status: () => string;
  readonly write: (path: string) => void;
}

/** This machine's root, sealed, with the plan's files in it: read-only, /run on a tmpfs without exec, no capabilities, no new privileges. */
async function withInit(planned: PlannedInit, grants: readonly string[], use: (running: Running) => Promise<void>): Promise<void> {
  const area = mkdtempSync(join(tmpdir(), "isc-init-"));
  chmodSync(area, 0o755);
  layFiles(join(area, "sealed"), planned);
  for (const folder of ["root", "layer"]) mkdirSync(join(area, folder));
  const child = spawn("unshare", ["--mount", "--pid", "--net", "--fork", "--kill-child", "--", "sh", "-ec", enter(area, planned, grants)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    await use(watch(child, exited));
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(area, { recursive: true });
  }
}

function layFiles(sealed: string, planned: PlannedInit): void {
  for (const file of planned.files) {
    mkdirSync(dirname(sealed + file.path), { recursive: true });
    if (file.kind === "symlink") symlinkSync(file.target, sealed + file.path);
    else writeFileSync(sealed + file.path, file.content, { mode: file.mode });
  }
  mkdirSync(`${sealed}/.isc`, { recursive: true });
  if (planned.needsCatatonit) copyFileSync("/usr/bin/catatonit", `${sealed}/.isc/catatonit`);
}

function enter(area: string, { init, directories }: PlannedInit, grants: readonly string[]): string {
  const root = `${area}/root`;
  const quote = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const bounding = ["-all", "+sys_chroot", "+setuid", "+setgid", ...(grants.length > 0 ? ["+kill"] : [])].join(",");
  const become = ["s6-applyuidgid", "-u", `${init.uid}`, "-g", `${init.gid}`, "-G", init.groups.join(",")];
  return [
    // Layers of an overlay must not lie in one another.
    `mount -t tmpfs tmpfs ${area}/layer && cp -a ${area}/sealed/. ${area}/layer`,
    `mount -t overlay -o 'ro,nodev,lowerdir=${area}/layer:/' overlay ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount -t tmpfs -o 'noexec,nosuid,nodev,mode=0755,uid=${init.uid},gid=${init.gid}' tmpfs ${root}/run`,
    ...directories.map(({ path, mode, uid, gid }) => `mkdir -m ${mode.toString(8)} ${root}${path} && chown ${uid}:${gid} ${root}${path}`),
    `exec ${quote(["env", "-i", ...Object.entries(init.environment).map(([name, value]) => `${name}=${value}`)])} setpriv --no-new-privs --bounding-set=${bounding} --inh-caps=-all /usr/sbin/chroot ${root} ${grants.length > 0 ? "" : quote(become)} sh -c 'cd "$0" && exec "$@"' ${quote([init.workingDirectory, ...init.command])}`,
  ].join("\n");
}

function watch(child: ChildProcess, exited: Promise<number | null>): Running {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const processOne = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  return {
    text: () => text,
    exited,
    until: async (pattern) => {
      for (const deadline = Date.now() + 10_000; !pattern.test(text); await sleep(20))
        assert.ok(Date.now() < deadline, `waiting for ${pattern}:\n${text}`);
    },
    stop: async (signal) => {
      process.kill(Number(processOne()), signal);
      return exited;
    },
    status: () => readFileSync(`/proc/${processOne()}/status`, "utf8"),
    write: (path) => writeFileSync(`/proc/${processOne()}/root${path}`, ""),
  };
}

test("several services start, are started again, and end together, on a read-only root with nothing executable to write to", async () => {
  const planned = planInit([service("web"), service("app", { stopSignal: "SIGTERM" })], []);
  await withInit(planned, [], async ({ text, until, stop, status, write }) => {
    await until(/web started as 33:33 in \/srv[\s\S]*app started|app started[\s\S]*web started/);
    assert.match(status(), /^CapEff:\s+0{16}$/m);
    write("/run/crash-app");
    await until(/app crashes[\s\S]*app started/);
    const startedMs = performance.now();
    assert.equal(await stop("SIGTERM"), 0);
    assert.ok(performance.now() - startedMs < 4_000);
    assert.match(text(), /web got QUIT/);
    assert.match(text(), /app got TERM/);
  });
});

test("services of several users are changed to by s6 where the capabilities for it are granted", async () => {
  const planned = planInit([service("web"), service("app", { uid: 1, gid: 2, groups: [3] })], ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"]);
  await withInit(planned, ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"], async ({ until, stop }) => {
    await until(/web started as 33:33[\s\S]*app started as 1:2|app started as 1:2[\s\S]*web started as 33:33/);
    assert.equal(await stop("SIGTERM"), 0);
  });
});

test("one service is prepared, gets its own stop signal through catatonit, and its exit status counts", async () => {
  const prepare = [["/bin/sh", "-c", 'echo "preparing $WORD" > /run/ready; cat /run/ready']];
  await withInit(planInit([service("web", { prepare })], []), [], async ({ until, stop, text }) => {
    await until(/preparing it's[\s\S]*web started as 33:33 in \/srv/);
    assert.equal(await stop("SIGQUIT"), 0);
    assert.match(text(), /web got QUIT/);
  });
});

test("a service whose preparation breaks does not run, and the ISC ends with its status", async () => {
  await withInit(planInit([service("web", { prepare: [["/bin/sh", "-c", "echo breaks; exit 9"]] })], []), [], async ({ text, exited }) => {
    assert.equal(await exited, 9);
    assert.equal(text(), "breaks\n");
  });
});
