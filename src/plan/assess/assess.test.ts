import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { AssessProfile } from "../../model/assessment.ts";
import type { Posture } from "../../model/blueprint.ts";
import { contractRows, type Finding } from "../../model/finding.ts";
import type { Name } from "../../model/name.ts";
import { assess } from "./assess.ts";
import type { AssessFacts } from "./measure.ts";
import { readSurface } from "./surface.ts";

const text = readFileSync(new URL("../../../profiles/assess.json", import.meta.url), "utf8");
const profile = AssessProfile.parse(JSON.parse(text));
const web = "web" as Name;
const finding = (row: Finding["row"], verdict: Finding["verdict"]): Finding => ({ isc: web, row, verdict, evidence: "seen" });
const perfect: AssessFacts = {
  isc: web,
  findings: contractRows.map((row) => finding(row, "PASS")),
  posture: {
    network: { listen: [], expose: [], connect: [] },
    rights: { capabilities: [], syscalls: [], writableCode: false },
    writes: "fixed",
  },
  exposures: [],
  surface: { programs: 0, libraries: 0, setId: [], shells: [], interpreters: [] },
  systemCalls: 0,
  packageCount: 0,
  imageAgeMs: 0,
  aliveMs: 0,
};

test("nothing found costs nothing", () => {
  const { score, items } = assess(perfect, profile);
  assert.deepEqual({ score, items }, { score: 100, items: [] });
});

test("a changed root and a foreign program are the end of all points", () => {
  const findings = contractRows.map((row) => finding(row, row === "root.sealed" || row === "exec.sealed" ? "FAIL" : "PASS"));
  assert.equal(assess({ ...perfect, findings }, profile).score, 0);
});

test("a full administrator's capability costs more than any surface", () => {
  const rights = { ...perfect.posture.rights, capabilities: ["CAP_SYS_ADMIN"] };
  const [first] = assess({ ...perfect, posture: { ...perfect.posture, rights } }, profile).items;
  assert.deepEqual([first?.id, first?.points], ["exception.capabilities", 36]);
  const surfaces = Object.entries(profile.measures).filter(([name]) => name.startsWith("surface."));
  assert.ok(surfaces.every(([, { most }]) => most < 36));
});

test("shells that the exec gate lets nobody run cost nothing", () => {
  const surface = { ...perfect.surface, shells: ["bash", "dash"], interpreters: ["perl"] };
  const shellsWith = (execute: Posture["rights"]["execute"]) => {
    const rights = { ...perfect.posture.rights, ...(execute !== undefined && { execute }) };
    return assess({ ...perfect, surface, posture: { ...perfect.posture, rights } }, profile).measures["surface.shells"];
  };
  assert.deepEqual([shellsWith(undefined), shellsWith("services"), shellsWith(["/usr/bin/bash"])], [2, 0, 1]);
});

test("a misspelt weight, a missing row and an unknown measure are errors", () => {
  const spoil = (change: (value: Record<string, Record<string, unknown>>) => void) => {
    const value = JSON.parse(text);
    change(value);
    return AssessProfile.safeParse(value).success;
  };
  assert.equal(
    spoil(() => {}),
    true,
  );
  assert.equal(
    spoil(({ rows }) => delete rows?.nnp),
    false,
  );
  assert.equal(
    spoil(({ measures }) => Object.assign(measures ?? {}, { "surface.doors": { free: 0, each: 1, most: 1, mend: "x" } })),
    false,
  );
  assert.equal(
    spoil(({ measures }) => Object.assign(measures?.["age.image"] ?? {}, { eech: 1 })),
    false,
  );
});

const names = (most: number) => fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: most });
const connection = fc.oneof(
  fc.record({
    kind: fc.constant("address" as const),
    address: fc.constantFrom("10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "fd00::/8", "::1"),
    port: fc.constant(443),
    protocol: fc.constant("tcp" as const),
  }),
  fc.record({
    kind: fc.constant("name" as const),
    host: fc.constant("example.org"),
    port: fc.constant(53),
    protocol: fc.constant("udp" as const),
  }),
);
const exposure = fc.record(
  {
    hostPort: fc.integer({ min: 1, max: 9 }),
    port: fc.constant(80),
    protocol: fc.constant("tcp" as const),
    address: fc.constantFrom("127.0.0.1", "::1", "10.0.0.1"),
  },
  { requiredKeys: ["hostPort", "port", "protocol"] },
);
const facts: fc.Arbitrary<AssessFacts> = fc.record({
  isc: fc.constant(web),
  findings: fc.tuple(...contractRows.map((row) => fc.constantFrom("PASS", "SKIP", "FAIL").map((verdict) => finding(row, verdict)))),
  posture: fc.record({
    network: fc.record({
      listen: fc.array(fc.constant({ port: 80, protocol: "tcp" as const }), { maxLength: 5 }),
      expose: fc.constant([]),
      connect: fc.array(connection, { maxLength: 6 }),
    }),
    rights: fc.record({
      capabilities: fc.array(fc.constantFrom("CAP_SYS_ADMIN", "CAP_KILL", "CAP_NET_RAW"), { maxLength: 5 }),
      syscalls: names(30),
      writableCode: fc.boolean(),
    }),
    writes: fc.constantFrom("strict", "fixed", "flexible"),
  }),
  exposures: fc.array(exposure, { maxLength: 6 }),
  surface: fc.record({ programs: fc.nat(9_000), libraries: fc.nat(9_000), setId: names(9), shells: names(4), interpreters: names(4) }),
  systemCalls: fc.nat(500),
  packageCount: fc.nat(900),
  imageAgeMs: fc.integer({ min: -1_000, max: 10 ** 12 }),
  aliveMs: fc.integer({ min: -1_000, max: 10 ** 11 }),
});

test("a score is whole, from 0 to 100, and is what the items leave of it", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const { score, items } = assess(given, profile);
      const lost = items.reduce((sum, { points }) => sum + points, 0);
      assert.equal(score, Math.max(0, Math.round(100 - lost)));
      assert.ok(Number.isInteger(score) && score <= 100);
    }),
  );
});

test("the costliest comes first, each once, with evidence and a way to mend it", () => {
  fc.assert(
    fc.property(facts, (given) => {
      const { items } = assess(given, profile);
      const points = items.map((item) => item.points);
      assert.deepEqual(
        points,
        points.toSorted((one, other) => other - one),
      );
      assert.equal(new Set(items.map(({ id }) => id)).size, items.length);
      assert.ok(items.every(({ evidence, mend }) => evidence !== "" && mend !== ""));
    }),
  );
});

/** The worse of two of each fact. */
function worse(one: AssessFacts, other: AssessFacts): AssessFacts {
  const order = ["PASS", "SKIP", "FAIL"];
  const [a, b] = [one.posture, other.posture];
  const join = <T>(first: readonly T[], second: readonly T[]) => [...first, ...second];
  return {
    ...one,
    findings: one.findings.map((found, index) => {
      const others = other.findings[index] ?? found;
      return order.indexOf(others.verdict) > order.indexOf(found.verdict) ? others : found;
    }),
    posture: {
      network: { listen: join(a.network.listen, b.network.listen), expose: [], connect: join(a.network.connect, b.network.connect) },
      rights: {
        capabilities: join(a.rights.capabilities, b.rights.capabilities),
        syscalls: join(a.rights.syscalls, b.rights.syscalls),
        writableCode: a.rights.writableCode || b.rights.writableCode,
      },
      writes: a.writes === "flexible" || b.writes === "flexible" ? "flexible" : a.writes,
    },
    exposures: join(one.exposures, other.exposures),
    surface: {
      programs: Math.max(one.surface.programs, other.surface.programs),
      libraries: Math.max(one.surface.libraries, other.surface.libraries),
      setId: join(one.surface.setId, other.surface.setId),
      shells: join(one.surface.shells, other.surface.shells),
      interpreters: join(one.surface.interpreters, other.surface.interpreters),
    },
    systemCalls: Math.max(one.systemCalls, other.systemCalls),
    imageAgeMs: Math.max(one.imageAgeMs, other.imageAgeMs),
    aliveMs: Math.max(one.aliveMs, other.aliveMs),
  };
}

test("worse facts never give a better score", () => {
  fc.assert(
    fc.property(facts, facts, (one, other) => {
      assert.ok(assess(worse(one, other), profile).score <= assess(one, profile).score);
    }),
  );
});

test("programs are counted by what may be executed, and known by name without version", () => {
  const line = (path: string, mode: number, kind = "file") => JSON.stringify({ path, mode, kind, uid: 0, gid: 0 });
  const files = [
    line("/usr/bin/perl5.36.0", 0o755),
    line("/usr/bin/python3.11", 0o755),
    line("/bin/sh", 0o777, "symlink"),
    line("/usr/bin/dash", 0o755),
    line("/usr/lib/x86_64-linux-gnu/libc.so.6", 0o755),
    line("/usr/bin/su", 0o4755),
    line("/etc/passwd", 0o644),
    "not a record",
  ];
  assert.deepEqual(readSurface(files.join("\n"), profile), {
    programs: 4,
    libraries: 1,
    setId: ["/usr/bin/su"],
    shells: ["dash"],
    interpreters: ["perl", "python"],
  });
});
