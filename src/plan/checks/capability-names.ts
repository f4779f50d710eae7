/** Capabilities by number; linux/capability.h. Pure. */

const names = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

/** The names behind a bit mask, such as CAP_NET_BIND_SERVICE; a bit nobody knows yet is named by its number. */
export function capabilityNames(mask: bigint): readonly string[] {
  const found: string[] = [];
  for (let bit = 0; bit < 64; bit += 1) if ((mask >> BigInt(bit)) & 1n) found.push(`CAP_${names[bit] ?? bit}`);
  return found;
}

/** Names that are none are left out. */
export function capabilityMask(wanted: readonly string[]): bigint {
  return wanted.reduce((mask, name) => {
    const bit = names.findIndex((known) => `CAP_${known}` === name);
    return bit < 0 ? mask : mask | (1n << BigInt(bit));
  }, 0n);
}
