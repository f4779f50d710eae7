import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { ServiceOverride } from "../../model/blueprint.ts";
import { PlaceDirectory, Service } from "../../model/image.ts";
import { Name } from "../../model/name.ts";
import { fakeImage, readKnowledge, readSampleUnit } from "./fake-image.ts";
import { planService } from "./plan-service.ts";

const memcachedConf =
  "# memory\n-d\nlogfile /var/log/memcached.log\n-m 64\n-p 11211\n-u memcache\n-l 127.0.0.1 # only here\n-P /var/run/memcached/memcached.pid\n";
const facts = fakeImage({ "/etc/memcached.conf": memcachedConf, "/etc/default/haproxy": '#CONFIG="/etc"\n', "/etc/default/app": "A=1\n" });
const knowledge = readKnowledge();
const units = Object.fromEntries(
  readdirSync(new URL("samples/", import.meta.url))
    .filter((file) => file.endsWith(".service"))
    .map((file) => [file, readSampleUnit(file)]),
);

const plan = (name: string, override: ServiceOverride = {}, more: Record<string, string> = {}) =>
  planService({ name: Name.parse(name), units: { ...units, ...more }, override, facts, knowledge });

const app = (lines: string) => ({ "app.service": `[Service]\n${lines}\n` });

/** Rewritten when ISC_WRITE_GOLDEN is set; see the difference in version control. */
function compareGolden(name: string, value: unknown): void {
  const file = new URL(`golden/${name}.json`, import.meta.url);
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  if (process.env.ISC_WRITE_GOLDEN !== undefined) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}

for (const name of ["nginx", "apache2", "redis-server", "memcached", "haproxy", "mosquitto", "mariadb", "unbound"]) {
  test(`Debian's ${name} is planned as it was reviewed`, () => {
    const planned = plan(name);
    Service.parse(planned.service);
    for (const place of planned.writable) PlaceDirectory.parse(place);
    compareGolden(name, planned);
  });
}

test("an instance of Debian's postgresql@ runs the server itself", () => {
  compareGolden("postgresql", plan("postgresql", { unit: "postgresql@15-main.service" }));
});

test("a oneshot is refused with the template that was meant", () => {
  assert.throws(() => plan("postgresql"), {
    code: "SERVICE_UNUSABLE",
    hint: "name an instance of postgresql@.service, as in unit: postgresql@NAME",
  });
});

test("a command of the blueprint is taken word for word, with the unit's surroundings", () => {
  const { service, writable } = plan("redis-server", { command: ["/usr/bin/redis-server", "--port", "7000"], environment: { A: "b" } });
  assert.deepEqual(service.command, ["/usr/bin/redis-server", "--port", "7000"]);
  assert.equal(service.uid, 101);
  assert.equal(service.environment.A, "b");
  assert.ok(writable.some((place) => place.path === "/run/redis"));
});

test("a command needs no unit, and what is known of its program still counts", () => {
  const { service, listen } = plan("web", { command: ["/usr/sbin/nginx", "-g", "daemon off;"] });
  assert.equal(service.uid, 33);
  assert.equal(service.stopSignal, "SIGQUIT");
  assert.deepEqual(listen, [{ port: 80, protocol: "tcp" }]);
});

test("an unknown service names the units that the image has", () => {
  assert.throws(() => plan("ngnix"), { code: "SERVICE_UNKNOWN", hint: "did you mean unit: nginx.service?" });
});

test("a program that nobody knows is waited for by s6-fghack when it goes into the background", () => {
  const planned = plan("app", {}, app("Type=forking\nExecStart=/usr/sbin/app --fork"));
  assert.deepEqual(planned.service.command, ["/usr/bin/s6-fghack", "/usr/sbin/app", "--fork"]);
  assert.deepEqual(planned.needs, ["s6"]);
  assert.equal(planned.service.uid, 0);
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd writes its variables so
test("a drop-in adds to and resets what the unit says", () => {
  const { service } = plan(
    "app",
    {},
    {
      ...app("ExecStart=/bin/old\nUser=redis"),
      "app.service.d/b.conf": "[Service]\nExecStart=\nExecStart=/bin/new $A ${A}x\nEnvironment=A='1 2'\n",
    },
  );
  assert.deepEqual(service.command, ["/bin/new", "1", "2", "1 2x"]);
  assert.equal(service.environment.HOME, "/var/lib/redis");
});

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: systemd writes its variables so

test("an environment file that is missing is an error only without its hyphen", () => {
  assert.equal(plan("app", {}, app("ExecStart=/bin/app\nEnvironmentFile=-/etc/none")).service.environment.A, undefined);
  assert.throws(() => plan("app", {}, app("ExecStart=/bin/app\nEnvironmentFile=/etc/none")), { code: "SERVICE_UNUSABLE" });
  assert.equal(plan("app", {}, app("ExecStart=/bin/app\nEnvironment=A=0\nEnvironmentFile=/etc/default/app")).service.environment.A, "1");
});

test("a dynamic user gets systemd's first one and owns its directories", () => {
  const { service, writable } = plan(
    "app",
    {},
    app("ExecStart=/bin/app\nDynamicUser=yes\nStateDirectory=app app/sub\nStateDirectoryMode=0700"),
  );
  assert.deepEqual([service.uid, service.gid], [61_184, 61_184]);
  assert.equal(service.environment.STATE_DIRECTORY, "/var/lib/app:/var/lib/app/sub");
  assert.deepEqual(writable[0], { path: "/var/lib/app", mode: 0o700, uid: 61_184, gid: 61_184 });
});

test("preparation keeps steps, turns mkdir into places, drops chown, and lets hyphens fail", () => {
  const lines =
    "ExecStartPre=/bin/mkdir -p -m 750 /var/lib/app\nExecStartPre=/bin/chown app /var/lib/app\nExecStartPre=-/bin/try it\nExecStartPre=/bin/must\nExecStart=/bin/app";
  const planned = plan("app", {}, app(lines));
  assert.deepEqual(planned.service.prepare, [["/bin/sh", "-c", '"$@" || :', "sh", "/bin/try", "it"], ["/bin/must"]]);
  assert.deepEqual(planned.writable, [{ path: "/var/lib/app", mode: 0o750, uid: 0, gid: 0 }]);
  assert.deepEqual(planned.needs, ["shell"]);
  assert.equal(planned.notes.length, 1);
});

test("capabilities are hints, and a set that only takes some away is none", () => {
  const { wantedCapabilities } = plan(
    "app",
    {},
    app("ExecStart=/bin/app\nAmbientCapabilities=cap_net_raw\nCapabilityBoundingSet=~CAP_SYS_ADMIN"),
  );
  assert.deepEqual(wantedCapabilities, ["CAP_NET_RAW"]);
});

test("a user or a signal that does not exist is one clear sentence", () => {
  assert.throws(() => plan("nginx", { user: "www-dta" }), { code: "USER_UNKNOWN", hint: "did you mean www-data?" });
  assert.throws(() => plan("nginx", { user: "70000" }), { code: "USER_UNKNOWN" });
  assert.throws(() => plan("nginx", { stopSignal: "SIGNOPE" }), { code: "SERVICE_UNUSABLE" });
});

test("no limit on stopping becomes systemd's own default", () => {
  assert.equal(plan("redis-server").service.stopTimeoutMs, 90_000);
  assert.equal(plan("app", {}, app("ExecStart=/bin/app\nTimeoutStopSec=1min 30s")).service.stopTimeoutMs, 90_000);
  assert.equal(plan("app", {}, app("ExecStart=/bin/app")).service.stopTimeoutMs, 10_000);
});

test("every entry of profiles/programs.json matches something", () => {
  for (const entry of knowledge) assert.ok(entry.program !== undefined || entry.unit !== undefined);
});
