/** Limits, scratch and identity, broken. */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Breakage } from "./breakage.ts";
import type { Victim } from "./victim.ts";

export const resourceBreakages: readonly Breakage[] = [
  {
    title: "the memory limit lifted",
    row: "limit.memory",
    act: (victim) => {
      const names = ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes", "memory.max"];
      const before = names.map((name) => readCgroup(victim, "memory", name));
      for (const name of names) victim.writeCgroup("memory", { [name]: name === "memory.max" ? "max" : "-1" });
      return () => {
        for (const name of names.toReversed()) victim.writeCgroup("memory", { [name]: before[names.indexOf(name)] ?? "" });
      };
    },
  },
  {
    title: "the CPU limit lifted",
    row: "limit.cpu",
    act: (victim) => lifting(victim, "cpu", { "cpu.cfs_quota_us": "-1", "cpu.max": "max" }),
  },
  {
    title: "the CPU limit doubled",
    row: "limit.cpu",
    act: (victim) => lifting(victim, "cpu", { "cpu.cfs_quota_us": "400000", "cpu.max": "400000 100000" }),
  },
  {
    title: "the limit of processes lifted",
    row: "limit.pids",
    act: (victim) => lifting(victim, "pids", { "pids.max": "max" }),
  },
  {
    title: "a process that has left the cgroup",
    row: "limit.pids",
    act: (victim) => {
      const own = `${victim.cgroup("pids")}/cgroup.procs`;
      const pid = readFileSync(own, "utf8").trim().split("\n").at(-1) ?? "";
      writeFileSync(`${dirname(dirname(own))}/cgroup.procs`, pid);
      return () => writeFileSync(own, pid);
    },
  },
  {
    title: "scratch that has room for more than declared",
    row: "scratch.quota",
    // What the ISC's places lie on is then not what the dock has there.
    also: ["scratch.encrypted"],
    act: (victim) => {
      const place = victim.layout.live.scratchMount(victim.record.name);
      victim.inDock("mount", "-n", "-t", "tmpfs", "-o", "size=1g", "larger", place);
      return () => void victim.inDock("umount", "-n", place);
    },
  },
  {
    title: "scratch that is not encrypted",
    row: "scratch.encrypted",
    act: (victim) => {
      victim.mount("-t", "tmpfs", "-o", "nosuid,nodev,noexec", "plain", "/tmp");
      return () => victim.unmount("/tmp");
    },
  },
  {
    title: "the machine-id of another",
    row: "identity.unique",
    act: (victim) => {
      const file = `${victim.layout.live.etc(victim.record.name)}/machine-id`;
      const before = readFileSync(file, "utf8");
      writeFileSync(file, `${"0123456789abcdef".repeat(2)}\n`);
      return () => writeFileSync(file, before);
    },
  },
  {
    title: "one letter of the ledger changed",
    row: "ledger.chained",
    act: ({ layout }) => {
      const file = `${layout.ledger}/${readdirSync(layout.ledger).sort().at(-1)}`;
      const before = readFileSync(file, "utf8");
      writeInPlace(file, before.replace("asked for", "asked fur"));
      return () => writeInPlace(file, before);
    },
  },
];

/** The dock goes on writing at the end: what was read is replaced, and nothing is cut off. */
function writeInPlace(file: string, text: string): void {
  const fd = openSync(file, "r+");
  writeSync(fd, text, 0);
  closeSync(fd);
}

function readCgroup(victim: Victim, controller: string, file: string): string {
  const path = `${victim.cgroup(controller)}/${file}`;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
}

function lifting(victim: Victim, controller: string, files: Readonly<Record<string, string>>): () => void {
  const before = Object.fromEntries(Object.keys(files).map((file) => [file, readCgroup(victim, controller, file)]));
  victim.writeCgroup(controller, files);
  return () => victim.writeCgroup(controller, before);
}
