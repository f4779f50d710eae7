/** The OCI configuration under which the package manager and the packages' own scripts run (OCI runtime specification, config.md). */
import { buildIds } from "./build-ids.ts";

/** What unpacking and configuring packages takes; all of it counts only inside the user namespace. */
const capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETUID", "SETGID", "SETFCAP", "SYS_CHROOT", "KILL", "MKNOD"].map(
  (name) => `CAP_${name}`,
);

/** Fixed hash seed and time: what scripts write depends on the packages alone. */
const environment = [
  "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "LC_ALL=C.UTF-8",
  "DEBIAN_FRONTEND=noninteractive",
  "DEBCONF_NONINTERACTIVE_SEEN=true",
  "PYTHONHASHSEED=0",
  "SOURCE_DATE_EPOCH=0",
];

const hiddenPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/scsi",
  "/sys/firmware",
];
const readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export function renderSandboxConfig(root: string, command: readonly string[]): string {
  const map = [{ containerID: 0, hostID: buildIds.hostId, size: buildIds.count }];
  const scratch = (destination: string, mode: string, size: string) => ({
    destination,
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", ...(destination === "/dev" ? ["noexec"] : ["nodev"]), `mode=${mode}`, `size=${size}`],
  });
  return JSON.stringify({
    ociVersion: "1.0.2",
    process: {
      user: { uid: 0, gid: 0 },
      args: command,
      env: environment,
      cwd: "/",
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: root },
    hostname: "build",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "nodev", "noexec"] },
      scratch("/dev", "755", "1m"),
      scratch("/tmp", "1777", "1g"),
    ],
    linux: {
      uidMappings: map,
      gidMappings: map,
      namespaces: ["user", "mount", "pid", "ipc", "uts", "network"].map((type) => ({ type })),
      maskedPaths: hiddenPaths,
      readonlyPaths: readOnlyPaths,
    },
  });
}
