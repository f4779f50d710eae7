/** Limits as the cgroup files have them, on v1, v2 and hybrid hosts. See Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst. */
import type { Host } from "../../host/host.ts";
import type { LimitFacts, LiveFacts, ProcessFacts, Seen } from "../../plan/checks/facts.ts";
import type { CgroupHierarchy } from "../cgroup-hierarchies.ts";
import { orUndefined } from "./look.ts";

type Controller = keyof LiveFacts["limits"];

/** v1 answers "no limit" as the largest number of whole pages. */
const unlimitedBytes = 2 ** 60;

interface Directory {
  readonly path: string;
  readonly version: 1 | 2;
}

/** Pids in the ISC's cgroup, whichever hierarchy they are in. */
export function listMembers(host: Host, hierarchies: readonly CgroupHierarchy[], cgroupPath: string): ReadonlySet<number> {
  const texts = hierarchies.map(
    ({ mountPoint }) => orUndefined(() => host.files.findTextNow(`${mountPoint}${cgroupPath}/cgroup.procs`)) ?? "",
  );
  return new Set(
    texts.flatMap((text) =>
      text
        .split("\n")
        .filter((line) => line !== "")
        .map(Number),
    ),
  );
}

export interface LimitQuestion {
  readonly hierarchies: readonly CgroupHierarchy[];
  readonly cgroupPath: string;
  readonly processes: readonly ProcessFacts[];
}

export function readLimit(host: Host, controller: Controller, { hierarchies, cgroupPath, processes }: LimitQuestion): Seen<LimitFacts> {
  const hierarchy = hierarchies.find(({ version, controllers }) => version === 2 || controllers.includes(controller));
  if (!hierarchy) return { unseen: `no cgroup hierarchy with the controller ${controller} is mounted` };
  const directory: Directory = { path: `${hierarchy.mountPoint}${cgroupPath}`, version: hierarchy.version };
  const read = (file: string) => orUndefined(() => host.files.findTextNow(`${directory.path}/${file}`))?.trim();
  const limit = readers[controller](read, hierarchy.version);
  return {
    seen: { directory: directory.path, outside: processes.filter((process) => !isInside(process, controller, cgroupPath)), ...limit },
  };
}

function isInside({ cgroups }: ProcessFacts, controller: Controller, cgroupPath: string): boolean {
  const path = cgroups.get(controller) ?? cgroups.get("");
  return path === cgroupPath || (path?.startsWith(`${cgroupPath}/`) ?? false);
}

type Read = (file: string) => string | undefined;
type Limit = Pick<LimitFacts, "value" | "words">;

const readers: Readonly<Record<Controller, (read: Read, version: 1 | 2) => Limit>> = {
  memory: (read, version) => (version === 1 ? readMemory1(read) : readMemory2(read)),
  cpu: (read, version) => (version === 1 ? readCpu1(read) : readCpu2(read)),
  pids: (read) => {
    const text = read("pids.max");
    return { value: text === undefined || text === "max" ? undefined : Number(text), words: say("pids.max", text) };
  },
};

/** Where the kernel counts swap, memory and swap together have the same limit: what is above it is swap. */
function readMemory1(read: Read): Limit {
  const [memory, both] = [read("memory.limit_in_bytes"), read("memory.memsw.limit_in_bytes")];
  const value = Math.max(Number(memory ?? Number.NaN), Number(both ?? 0));
  const words = [say("memory.limit_in_bytes", memory), ...(both === undefined ? [] : [say("memory.memsw.limit_in_bytes", both)])].join(
    ", ",
  );
  return { value: value < unlimitedBytes ? value : undefined, words };
}

function readMemory2(read: Read): Limit {
  const [memory, swap] = [read("memory.max"), read("memory.swap.max")];
  const value = Number(memory ?? Number.NaN) + Number(swap ?? 0);
  const words = [say("memory.max", memory), ...(swap === undefined ? [] : [say("memory.swap.max", swap)])].join(", ");
  return { value: Number.isFinite(value) ? value : undefined, words };
}

function readCpu1(read: Read): Limit {
  const [quota, period] = [read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")];
  const words = `${say("cpu.cfs_quota_us", quota)} of ${period ?? "?"}`;
  return { value: percentOf(Number(quota ?? -1), Number(period)), words };
}

function readCpu2(read: Read): Limit {
  const text = read("cpu.max");
  const [quota = "max", period = "100000"] = (text ?? "").split(" ");
  return { value: quota === "max" || quota === "" ? undefined : percentOf(Number(quota), Number(period)), words: say("cpu.max", text) };
}

function percentOf(quotaUs: number, periodUs: number): number | undefined {
  return quotaUs > 0 && periodUs > 0 ? (quotaUs / periodUs) * 100 : undefined;
}

function say(file: string, text: string | undefined): string {
  return `${file} ${text ?? "is missing"}`;
}
