import assert from "node:assert/strict";
import { test } from "node:test";
import { Init, Service } from "../../model/image.ts";
import { planInit } from "./plan-init.ts";

const service = (name: string, more: Partial<Service> = {}): Service =>
  Service.parse({
    name,
    command: [`/usr/bin/${name}`, "it's"],
    prepare: [],
    uid: 33,
    gid: 33,
    groups: [],
    environment: { PATH: "/bin", B: "it's" },
    workingDirectory: "/srv",
    stopSignal: "SIGQUIT",
    stopTimeoutMs: 5_000,
    ...more,
  });

test("one service runs under catatonit, with its own user, environment and stop signal", () => {
  const { init, files, needsCatatonit } = planInit([service("web")], []);
  assert.deepEqual(init.command, ["/.isc/catatonit", "--", "/usr/bin/web", "it's"]);
  assert.equal(init.stopSignal, "SIGQUIT");
  assert.deepEqual(files, []);
  assert.ok(needsCatatonit);
});

test("preparation is a script in the sealed image that becomes the service", () => {
  const { init, files, needs } = planInit([service("web", { prepare: [["/bin/make-ready", "a b"]] })], []);
  assert.deepEqual(init.command, ["/.isc/catatonit", "--", "/.isc/start/web"]);
  assert.deepEqual(files, [
    {
      kind: "file",
      path: "/.isc/start/web",
      mode: 0o755,
      content: "#!/bin/sh\nset -e\n'/bin/make-ready' 'a b'\nexec '/usr/bin/web' 'it'\\''s'\n",
    },
  ]);
  assert.deepEqual(needs, ["shell"]);
});

test("several services are supervised by s6, which writes below /run only", () => {
  const { init, files, directories, needs } = planInit([service("web"), service("app", { stopTimeoutMs: 8_000 })], []);
  Init.parse(init);
  assert.deepEqual(init.command, ["/usr/bin/s6-svscan", "/.isc/services"]);
  assert.equal(init.stopTimeoutMs, 10_000);
  assert.deepEqual(needs, ["s6", "shell"]);
  assert.deepEqual(
    directories.map((directory) => directory.path),
    ["/run/s6", "/run/s6/svscan", "/run/s6/services", "/run/s6/services/web", "/run/s6/services/app"],
  );
  assert.deepEqual(
    files.filter((file) => file.path.startsWith("/.isc/services/web/")),
    [
      {
        kind: "file",
        path: "/.isc/services/web/run",
        mode: 0o755,
        content: "#!/bin/sh\nset -e\ncd '/srv'\nexport B='it'\\''s'\nexport PATH='/bin'\nexec '/usr/bin/web' 'it'\\''s'\n",
      },
      { kind: "file", path: "/.isc/services/web/down-signal", mode: 0o644, content: "SIGQUIT\n" },
      { kind: "file", path: "/.isc/services/web/timeout-kill", mode: 0o644, content: "5000\n" },
      { kind: "symlink", path: "/.isc/services/web/supervise", target: "/run/s6/services/web/supervise" },
      { kind: "symlink", path: "/.isc/services/web/event", target: "/run/s6/services/web/event" },
    ],
  );
});

test("services of different users need the capabilities to change user", () => {
  const services = [service("web"), service("db", { uid: 103, gid: 104, groups: [101] })];
  assert.throws(() => planInit(services, ["CAP_SETUID", "CAP_SETGID"]), { code: "SERVICES_DIFFER_IN_USER" });
  const { init, files } = planInit(services, ["CAP_KILL", "CAP_SETUID", "CAP_SETGID"]);
  assert.equal(init.uid, 0);
  const run = files.find((file) => file.path === "/.isc/services/db/run");
  assert.ok(run?.kind === "file" && run.content.includes("exec '/usr/bin/s6-applyuidgid' '-u' '103' '-g' '104' '-G' '101' '/usr/bin/db'"));
});
