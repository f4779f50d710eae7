import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseIdMap, renderIdMap } from "./id-map.ts";
import { isAnonymous, isKernelPage, parseExecutableMappings } from "./memory-map.ts";
import { parseCgroups, parseParent, parseStartTicks, parseThreadStatus } from "./process-status.ts";

test("a map of ids is read with its padding, and rendered without", () => {
  const map = parseIdMap("         0 1879048192      65536\n     65536          5          1\n");
  assert.deepEqual(map, [
    { inside: 0, host: 1_879_048_192, count: 65_536 },
    { inside: 65_536, host: 5, count: 1 },
  ]);
  assert.equal(renderIdMap(map), "0 1879048192 65536, 65536 5 1");
  assert.equal(renderIdMap([]), "no id");
});

const maps = `5581c3c00000-5581c3c21000 r--p 00000000 00:28 1234                       /usr/sbin/nginx
5581c3c21000-5581c3d00000 r-xp 00021000 00:28 1234                       /usr/sbin/nginx
5581c4000000-5581c4021000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000002000-7f0000003000 r-xs 00000000 00:01 77                         /memfd:payload (deleted)
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
7f0000004000-7f0000005000 r-xp 00000000 103:05 9                         /tmp/a b\\012c (deleted)
`;

test("only executable mappings are kept, with device numbers as mountinfo writes them", () => {
  const code = parseExecutableMappings(maps);
  assert.deepEqual(
    code.map(({ permissions, device, path }) => `${permissions} ${device} ${path}`),
    ["r-xp 0:40 /usr/sbin/nginx", "rwxp 0:0 ", "r-xs 0:1 /memfd:payload (deleted)", "r-xp 0:0 [vdso]", "r-xp 259:5 /tmp/a b\nc (deleted)"],
  );
  assert.deepEqual(code.map(isAnonymous), [false, true, true, true, false]);
  assert.deepEqual(code.map(isKernelPage), [false, false, false, true, false]);
});

const status = `Name:\tnginx worker
State:\tS (sleeping)
Pid:\t812
Uid:\t1879048225\t1879048225\t1879048225\t1879048225
Gid:\t5\t6\t7\t8
Groups:\t4 9
CapInh:\t0000000000000000
CapPrm:\t0000000000000400
CapEff:\t0000000000000400
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t2
Threads:\t3
`;

test("a status is read field by field", () => {
  const thread = parseThreadStatus(status);
  assert.equal(thread.name, "nginx?worker");
  assert.equal(thread.id, 812);
  assert.deepEqual(thread.uids, Array(4).fill(1_879_048_225));
  assert.deepEqual(thread.gids, [5, 6, 7, 8]);
  assert.deepEqual(thread.groups, [4, 9]);
  assert.equal(thread.capabilities.CapEff, 1024n);
  assert.equal(thread.capabilities.CapBnd, 0x1ffffffffffn);
  assert.deepEqual([thread.noNewPrivileges, thread.seccomp, thread.seccompFilters, thread.threadCount], [true, 2, 2, 3]);
  assert.equal(thread.ended, false);
  assert.equal(parseThreadStatus("State:\tZ (zombie)\n").ended, true);
});

test("a status that says nothing counts as the worst", () => {
  const thread = parseThreadStatus("");
  assert.equal(thread.noNewPrivileges, false);
  assert.equal(thread.seccomp, 0);
  assert.ok(Object.values(thread.capabilities).every((set) => set === 0xffffffffffffffffn));
});

test("cgroups are found by controller, the v2 hierarchy by nothing", () => {
  const cgroups = parseCgroups("9:name=systemd:/\n4:memory:/isc-ab12/web\n1:cpu,cpuacct:/isc-ab12/web\n0::/\n");
  assert.equal(cgroups.get("memory"), "/isc-ab12/web");
  assert.equal(cgroups.get("cpuacct"), "/isc-ab12/web");
  assert.equal(cgroups.get(""), "/");
});

test("the start time is found behind a name with spaces and brackets", () => {
  const stat = `7 (a) b (c) S ${Array.from({ length: 30 }, (_, index) => index + 4).join(" ")}`;
  assert.equal(parseStartTicks(stat), 22);
  assert.equal(parseParent(stat), 4);
});

test("whatever a process writes about itself, reading it never fails", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (noise) => {
      for (const text of [noise, `Name:\t${noise}\n${status}`, `${maps}${noise}`]) {
        parseIdMap(text);
        parseExecutableMappings(text);
        parseCgroups(text);
        parseStartTicks(text);
      }
      parseThreadStatus(`Name:\t${noise.replaceAll(/[\n:]/g, "")}\n${status}`);
    }),
  );
});
