/** An ISC as the OCI runtime gets it: config.json of its bundle. See the OCI runtime specification 1.0.2. */

import { effectiveLimits } from "../model/effective-limits.ts";
import { serviceOf } from "../model/instance.ts";
import { renderOciMounts } from "./oci-config-mounts.ts";
import type { OciConfig, OciConfigInput, OciIdMapping, OciLinux, OciProcess, OciResources } from "./oci-config-types.ts";

export function renderOciConfig(input: OciConfigInput): OciConfig {
  const { record, layout } = input;
  return {
    ociVersion: "1.0.2",
    process: renderOciProcess(input),
    root: { path: layout.live.rootMount(record.name), readonly: true },
    hostname: serviceOf(record.name),
    mounts: renderOciMounts(input),
    annotations: { "org.iscadm.isc": serviceOf(record.name) },
    linux: renderLinux(input),
  };
}

/** Process 1, with the rights that every process of the ISC has. */
function renderOciProcess({ manifest: { init, posture }, openFilesCeiling, apparmorProfile }: OciConfigInput): OciProcess {
  const openFiles = Math.min(posture.limits.openFiles, openFilesCeiling);
  const environment = { PATH: defaultPath, ...init.environment };
  return {
    terminal: false,
    user: { uid: init.uid, gid: init.gid, additionalGids: init.groups, umask: 0o022 },
    args: init.command,
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    cwd: init.workingDirectory,
    capabilities: renderCapabilities(posture.rights.capabilities, init.uid),
    rlimits: [
      { type: "RLIMIT_NOFILE", soft: openFiles, hard: openFiles },
      // A core file would lie, with all secrets in it, on whatever is writable.
      { type: "RLIMIT_CORE", soft: 0, hard: 0 },
    ],
    noNewPrivileges: true,
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
  };
}

/** As Debian's login(1) sets it for root. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** capabilities(7): without ambient ones, a user other than root loses all at execve(2). */
function renderCapabilities(declared: readonly string[], uid: number): OciProcess["capabilities"] {
  const kept = uid === 0 ? [] : declared;
  return { bounding: declared, effective: declared, permitted: declared, inheritable: kept, ambient: kept };
}

function renderLinux(input: OciConfigInput): OciLinux {
  const { record, layout, runtime, cgroupsPath, seccomp } = input;
  return {
    namespaces: [
      ...["pid", "ipc", "uts", "mount", "cgroup", "user"].map((type) => ({ type })),
      // runc is started inside it, and its containers stay there.
      ...(runtime === "runc" ? [] : [{ type: "network", path: layout.live.networkNamespace(record.name) }]),
    ],
    uidMappings: [renderIdMapping(input)],
    gidMappings: [renderIdMapping(input)],
    cgroupsPath,
    resources: renderResources(input),
    seccomp,
    maskedPaths,
    readonlyPaths,
  };
}

function renderIdMapping({ identity }: OciConfigInput): OciIdMapping {
  return { containerID: 0, hostID: identity.uidBase, size: identity.uidCount };
}

/** The runtimes add the devices every container has (null, zero, full, random, urandom, tty) to what is allowed. */
function renderResources({ manifest: { posture }, swapAccounting }: OciConfigInput): OciResources {
  const { memoryBytes, cpuPercent, processes } = effectiveLimits(posture);
  return {
    devices: [{ allow: false, access: "rwm" }],
    // `swap` is memory and swap together: the same value means no swap, and so no secrets on a disk.
    memory: { limit: memoryBytes, ...(swapAccounting ? { swap: memoryBytes } : {}) },
    cpu: { quota: Math.max(Math.round((cpuPercent / 100) * cpuPeriodUs), 1_000), period: cpuPeriodUs },
    pids: { limit: processes },
  };
}

const cpuPeriodUs = 100_000;

/** What podman and moby mask, and what else tells about the host: powercap is a side channel, interrupts and key lists are other people's. */
export const maskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kallsyms",
  "/proc/kcore",
  "/proc/key-users",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/modules",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/softirqs",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/dev/block",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
  "/sys/fs/selinux",
];

export const readonlyPaths: readonly string[] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
