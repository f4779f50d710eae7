import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { identityOfSlot, parseDockIdentity } from "../model/identity.ts";
import { Manifest } from "../model/image.ts";
import type { RuntimeName } from "../model/isc.ts";
import { layoutOf } from "../model/layout.ts";
import { Name } from "../model/name.ts";
import { renderOciConfig } from "./oci-config.ts";

const dock = parseDockIdentity("0b12", "10.201.0.0/16");
assert(dock);
const identity = identityOfSlot(dock, 1);

const place = (path: string) => ({ path, mode: 0o755, uid: 0, gid: 0, directories: [], seeded: false });
const init = {
  command: ["/usr/bin/catatonit", "--", "/usr/sbin/nginx", "-g", "daemon off;"],
  uid: 33,
  gid: 33,
  groups: [4],
  environment: { LANG: "C.UTF-8" },
  workingDirectory: "/",
  stopSignal: "SIGQUIT",
  stopTimeoutMs: 10_000,
};
const manifest = Manifest.parse({
  isc: 1,
  name: "web",
  digest: `sha256:${"ab".repeat(32)}`,
  sizeBytes: 1,
  fileCount: 1,
  architecture: "amd64",
  from: { kind: "debian", suite: "bookworm", packages: ["nginx-light"] },
  slim: true,
  services: [{ name: "nginx", prepare: [], ...init, command: ["/usr/sbin/nginx"] }],
  init,
  places: ["/tmp", "/var/tmp", "/run", "/var/log", "/var/lib/nginx", "/var/lib/store", "/var/lib/store/deep"].map(place),
  posture: {
    network: { listen: [], expose: [], connect: [] },
    limits: { memoryBytes: 134_217_728, cpuPercent: 50, processes: 32, openFiles: 4_096 },
    scratchBytes: 67_108_864,
    volumes: { data: { at: "/var/lib/store", sizeBytes: 1_073_741_824 } },
    writes: "fixed",
    rights: { capabilities: [], syscalls: [], writableCode: false },
    containment: "container",
  },
  filesSha256: "",
  sbomSha256: "",
});

const seccomp = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: [], syscalls: [] } as const;

function render(given: Manifest, runtime: RuntimeName, overlays: readonly string[] = []) {
  return renderOciConfig({
    manifest: given,
    record: { name: Name.parse("web") },
    identity,
    layout: layoutOf({ root: "/var/lib/isc", run: "/run/isc" }),
    runtime,
    cgroupsPath: "/isc-0b12/web",
    seccomp,
    openFilesCeiling: 1_024,
    swapAccounting: true,
    overlays,
  });
}

function withPosture(change: Partial<Manifest["posture"]>): Manifest {
  return { ...manifest, posture: { ...manifest.posture, ...change } };
}

for (const runtime of ["crun", "runc", "runsc"] as const) {
  test(`the configuration for ${runtime} is the golden one`, () => {
    const golden = readFileSync(join(import.meta.dirname, `golden/${runtime}.config.json`), "utf8");
    assert.equal(`${JSON.stringify(render(manifest, runtime), undefined, 2)}\n`, golden);
  });
}

test("a volume takes the places at and below its mount point along", () => {
  const destinations = render(manifest, "crun").mounts.map(({ destination, source }) => `${destination} ${source}`);
  assert(destinations.includes("/var/lib/store /run/isc/isc/web/volumes/data"));
  assert(!destinations.some((line) => line.startsWith("/var/lib/store/deep")));
});

test("strict has no volumes: all places lie on scratch", () => {
  const sources = render(withPosture({ writes: "strict" }), "crun").mounts.map(({ source }) => source);
  assert(sources.includes("/run/isc/isc/web/places/var/lib/store"));
  assert(!sources.some((source) => source.includes("/volumes/")));
});

test("flexible has its overlays below the places", () => {
  const destinations = render(withPosture({ writes: "flexible" }), "crun", ["/etc", "/var"]).mounts.map(({ destination }) => destination);
  assert(destinations.indexOf("/var") < destinations.indexOf("/var/log"));
  assert(destinations.indexOf("/etc") < destinations.indexOf("/etc/hosts"));
});

test("capabilities reach a user other than root through the ambient set, and root without", () => {
  const declared = withPosture({ rights: { capabilities: ["CAP_KILL"], syscalls: [], writableCode: false } });
  assert.deepEqual(render(declared, "crun").process.capabilities.ambient, ["CAP_KILL"]);
  const root = { ...declared, init: { ...init, uid: 0 } };
  assert.deepEqual(render(root, "crun").process.capabilities.ambient, []);
  assert.deepEqual(render(root, "crun").process.capabilities.effective, ["CAP_KILL"]);
});

const anyPath = fc.array(fc.constantFrom("a", "b", "var", "log"), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);

test("whatever the places, parents come first, nothing twice, and everything writable is nosuid, nodev, noexec", () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyPath), fc.option(anyPath, { nil: undefined }), (paths, volume) => {
      const volumes: Manifest["posture"]["volumes"] = volume === undefined ? {} : { [Name.parse("data")]: { at: volume, sizeBytes: 1 } };
      const { mounts } = render({ ...withPosture({ volumes }), places: paths.map(place) }, "crun");
      const destinations = mounts.map(({ destination }) => destination);
      assert.equal(new Set(destinations).size, destinations.length);
      for (const [index, destination] of destinations.entries()) {
        const later = destinations.slice(index + 1);
        assert(!later.some((other) => destination.startsWith(`${other}/`)), destinations.join(" "));
      }
      for (const { type, options } of mounts) {
        if (type === "bind") assert(["nosuid", "nodev", "noexec"].every((option) => options.includes(option)));
      }
    }),
  );
});
