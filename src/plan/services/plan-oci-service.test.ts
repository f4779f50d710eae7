import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isProblem } from "../../base/problem.ts";
import type { ServiceOverride } from "../../model/blueprint.ts";
import { Service } from "../../model/image.ts";
import { Name } from "../../model/name.ts";
import { OciImageConfig } from "../../model/oci-image-config.ts";
import { fakeImage, readKnowledge } from "./fake-image.ts";
import { planServiceFromOci } from "./plan-oci-service.ts";

const knowledge = readKnowledge();
const plan = (config: unknown, override: ServiceOverride = {}) =>
  planServiceFromOci({
    name: Name.parse("app"),
    config: OciImageConfig.parse({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] }, config }),
    override,
    facts: fakeImage(),
    knowledge,
  });

test("entrypoint, command, environment, user, directory, ports, signal and volumes become a service", () => {
  const { service, listen, writable } = plan({
    User: "redis:www-data",
    Env: ["PATH=/opt/bin", "A=b=c"],
    Entrypoint: ["/entry"],
    Cmd: ["serve"],
    WorkingDir: "/srv/",
    StopSignal: "3",
    ExposedPorts: { "80/tcp": {}, "53/udp": {}, nonsense: {} },
    Volumes: { "/data": {}, "/etc": {} },
  });
  Service.parse(service);
  assert.deepEqual(service.command, ["/entry", "serve"]);
  assert.deepEqual([service.uid, service.gid], [101, 33]);
  assert.deepEqual([service.environment.PATH, service.environment.A], ["/opt/bin", "b=c"]);
  assert.equal(service.workingDirectory, "/srv");
  assert.equal(service.stopSignal, "SIGQUIT");
  assert.deepEqual(listen, [
    { port: 80, protocol: "tcp" },
    { port: 53, protocol: "udp" },
  ]);
  assert.deepEqual(
    writable.map((place) => place.path),
    ["/data", "/var/lib/redis"],
  );
});

test("a number without an account has group 0, as the specification says", () => {
  const { service } = plan({ User: "1234", Cmd: ["/app"] });
  assert.deepEqual([service.uid, service.gid], [1234, 0]);
});

test("a known program behind an entrypoint script does not run as root", () => {
  const { service } = plan({ Entrypoint: ["/docker-entrypoint.sh"], Cmd: ["nginx", "-g", "daemon off;"] });
  assert.equal(service.uid, 33);
});

test("an image without a command needs one from the blueprint", () => {
  assert.throws(() => plan(null), { code: "SERVICE_UNUSABLE" });
  assert.deepEqual(plan(null, { command: ["/bin/a"] }).service.command, ["/bin/a"]);
});

test("a user that the image does not have is named", () => {
  assert.throws(() => plan({ User: "redsi", Cmd: ["/a"] }), { code: "USER_UNKNOWN", hint: "did you mean redis?" });
});

test("whatever the configuration holds, planning it answers a valid service or throws a Problem", () => {
  const texts = fc.option(fc.array(fc.string()));
  const config = fc.record({
    User: fc.option(fc.string()),
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    WorkingDir: fc.option(fc.string()),
    StopSignal: fc.option(fc.string()),
    ExposedPorts: fc.option(fc.dictionary(fc.string(), fc.constant({}))),
    Volumes: fc.option(fc.dictionary(fc.string(), fc.constant({}))),
  });
  fc.assert(
    fc.property(config, (value) => {
      try {
        Service.parse(plan(value).service);
      } catch (error) {
        assert.ok(isProblem(error), String(error));
      }
    }),
  );
});
