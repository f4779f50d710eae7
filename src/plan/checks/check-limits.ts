/** limit.memory, limit.cpu, limit.pids: the declared limit is set, in force, and every process is under it. */

import { renderSize } from "../../base/size.ts";
import type { Limits } from "../../model/blueprint.ts";
import { effectiveLimits } from "../../model/effective-limits.ts";
import { type Check, judge, named, pass, skip, whenRunning } from "./answer.ts";

interface LimitRow {
  readonly controller: "memory" | "cpu" | "pids";
  readonly declared: (limits: Limits) => number;
  readonly isEqual: (value: number, declared: number) => boolean;
  readonly render: (value: number) => string;
}

/** The kernel counts memory in pages, and writes a limit down to whole ones. */
const pageBytes = 65_536;

export const checkLimitMemory = checkLimit({
  controller: "memory",
  declared: (limits) => limits.memoryBytes,
  isEqual: (value, declared) => value <= declared && value > declared - pageBytes,
  render: renderSize,
});

/** Quotas are whole microseconds, so a percentage may be off by a hair. */
export const checkLimitCpu = checkLimit({
  controller: "cpu",
  declared: (limits) => limits.cpuPercent,
  isEqual: (value, declared) => Math.abs(value - declared) <= Math.max(0.01, declared / 1_000),
  render: (value) => `${Math.round(value * 100) / 100}%`,
});

export const checkLimitPids = checkLimit({
  controller: "pids",
  declared: (limits) => limits.processes,
  isEqual: (value, declared) => value === declared,
  render: String,
});

function checkLimit({ controller, declared, isEqual, render }: LimitRow): Check {
  return whenRunning(({ live, manifest }) => {
    const limit = live.limits[controller];
    if ("unseen" in limit) return skip(limit.unseen);
    const { directory, outside, value, words } = limit.seen;
    const wanted = declared(effectiveLimits(manifest.posture));
    const complaints = [
      ...(value === undefined ? [`${directory}: ${words}: there is no limit, declared is ${render(wanted)}`] : []),
      ...(value !== undefined && !isEqual(value, wanted)
        ? [`${directory}: ${words}: the limit is ${render(value)}, declared is ${render(wanted)}`]
        : []),
      ...outside.map(
        (process) =>
          `process ${named(process)} is in the ${controller} cgroup ${process.cgroups.get(controller) ?? process.cgroups.get("") ?? "?"}`,
      ),
    ];
    return judge(complaints, () => pass(`${directory}: ${words} (${render(wanted)}), and every process is in it`));
  });
}
