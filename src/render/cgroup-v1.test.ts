import assert from "node:assert/strict";
import { test } from "node:test";
import { cgroupV1Settings } from "./cgroup-v1.ts";

const limits = { memoryBytes: 1024, cpuPercent: 50, processes: 7, openFiles: 9 };

test("each controller gets its own files, and an unknown one none", () => {
  assert.deepEqual(cgroupV1Settings(["cpu", "pids", "net_cls"], limits), [
    { file: "cpu.cfs_period_us", value: "100000" },
    { file: "cpu.cfs_quota_us", value: "50000" },
    { file: "pids.max", value: "7" },
  ]);
});

test("the memory limit comes before the limit of memory and swap", () => {
  assert.deepEqual(
    cgroupV1Settings(["memory"], limits).map(({ file }) => file),
    ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
  );
});

test("devices are denied before the standard ones are allowed", () => {
  assert.deepEqual(cgroupV1Settings(["devices"], limits)[0], { file: "devices.deny", value: "a" });
});
