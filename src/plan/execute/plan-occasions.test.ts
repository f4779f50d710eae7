import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../../model/image.ts";
import { planInit } from "../services/plan-init.ts";
import { type FoundProgram, planOccasions } from "./plan-occasions.ts";
import type { ProgramHead } from "./program-head.ts";

const elf: ProgramHead = { kind: "elf", loader: "/lib64/ld.so", isLibrary: false };
const alone: ProgramHead = { ...elf, loader: undefined };
const script = (interpreter: string, argument?: string): ProgramHead => ({ kind: "script", interpreter, argument });

/** Path → own path and what it is. */
const programs: Readonly<Record<string, readonly [string, ProgramHead]>> = {
  "/lib64/ld.so": ["/usr/lib/ld.so", alone],
  "/.isc/catatonit": ["/.isc/catatonit", alone],
  "/bin/sh": ["/usr/bin/dash", elf],
  "/usr/sbin/nginx": ["/usr/sbin/nginx", elf],
  "/usr/bin/mkdir": ["/usr/bin/mkdir", elf],
  "/usr/bin/app": ["/usr/bin/app", script("/usr/bin/env", "python3")],
  "/usr/bin/env": ["/usr/bin/env", elf],
  "/usr/bin/python3": ["/usr/bin/python3.11", elf],
  "/usr/bin/psql": ["/usr/bin/psql", elf],
  "/usr/bin/s6-svscan": ["/usr/bin/s6-svscan", elf],
  "/usr/bin/s6-supervise": ["/usr/bin/s6-supervise", elf],
  "/.isc/start/web": ["/.isc/start/web", script("/bin/sh")],
  "/.isc/services/web/run": ["/.isc/services/web/run", script("/bin/sh")],
  "/.isc/services/app/run": ["/.isc/services/app/run", script("/bin/sh")],
};
const find = (path: string): FoundProgram | undefined => {
  const [own, head] = programs[path] ?? [];
  return own !== undefined && head ? { path: own, head } : undefined;
};

const runsAs = { uid: 33, gid: 33, groups: [], environment: {}, workingDirectory: "/", stopSignal: "SIGTERM", stopTimeoutMs: 1 };
const service = (name: string, command: readonly string[], prepare: readonly (readonly string[])[] = []) =>
  ({ ...runsAs, name, command, prepare }) as unknown as Manifest["services"][number];

function plan(services: Manifest["services"], execute: Manifest["posture"]["rights"]["execute"], health?: Manifest["posture"]["health"]) {
  const { init } = planInit(services, []);
  const posture = { rights: { capabilities: [], syscalls: [], writableCode: false, execute }, health } as unknown as Manifest["posture"];
  const planned = planOccasions({ init, services, posture }, find);
  return planned && Object.fromEntries([...planned.occasions].map(([path, occasions]) => [path, [...occasions].join(" ")]));
}

test("without a word every program of the image may run", () => {
  assert.equal(plan([service("web", ["/usr/sbin/nginx"])], undefined), undefined);
  assert.equal(plan([service("web", ["/usr/sbin/nginx"])], "image"), undefined);
});

test("services: the service, its loader, and process 1 at boot", () => {
  assert.deepEqual(plan([service("web", ["/usr/sbin/nginx", "-g"])], "services"), {
    "/.isc/catatonit": "boot",
    "/usr/sbin/nginx": "always",
    "/usr/lib/ld.so": "always",
  });
});

test("what prepares a service, with the shell of its script, runs at the start alone", () => {
  const planned = plan([service("web", ["/usr/sbin/nginx"], [["mkdir", "-p", "/run/web"]])], "services");
  assert.deepEqual([planned?.["/.isc/start/web"], planned?.["/usr/bin/dash"], planned?.["/usr/bin/mkdir"]], ["start", "start", "start"]);
});

test("several services: s6 and its scripts", () => {
  const planned = plan([service("web", ["/usr/sbin/nginx"]), service("app", ["app"])], "services");
  assert.deepEqual(
    ["/usr/bin/s6-svscan", "/usr/bin/s6-supervise", "/.isc/services/app/run", "/usr/bin/dash"].map((path) => planned?.[path]),
    ["boot", "start", "start", "start"],
  );
  assert.deepEqual(
    ["/usr/bin/app", "/usr/bin/env", "/usr/bin/python3.11"].map((path) => planned?.[path]),
    ["always", "always", "always"],
  );
});

test("a list comes beside the services; what is not there names nothing; a check's command is the dock's", () => {
  const health = { kind: "command", command: ["psql", "-l"], everyMs: 1, timeoutMs: 1, failures: 1 } as const;
  const planned = plan([service("web", ["/usr/sbin/nginx"])], ["/bin/sh", "/usr/bin/gone"], health);
  assert.deepEqual([planned?.["/usr/bin/dash"], planned?.["/usr/bin/psql"], planned?.["/usr/sbin/nginx"]], ["always", "session", "always"]);
  assert.ok(!("/usr/bin/gone" in (planned ?? {})));
});
