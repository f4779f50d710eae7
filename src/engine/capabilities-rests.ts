/** What each row of the contract rests on, on a host with these capabilities. */
import type { Capability } from "../model/capability.ts";
import { type ContractRow, contractRows } from "../model/finding.ts";

export interface Rest {
  readonly row: ContractRow;
  readonly on: string;
}

interface Mechanism {
  /** Every one of them is needed. */
  readonly needs: readonly string[];
  readonly on: string;
}

const firewall = "nftables on the host's side of its link";
const always = (on: string): readonly Mechanism[] => [{ needs: [], on }];
const withAll = (needs: readonly string[], on: string): readonly Mechanism[] => [{ needs, on }];

/** The first mechanism whose needs are met counts, so the strongest comes first. */
const mechanisms: Readonly<Record<ContractRow, readonly Mechanism[]>> = {
  "net.inbound": withAll(["nftables"], `${firewall}, policy drop`),
  "net.outbound": withAll(["nftables"], `${firewall}, policy drop`),
  "net.spoof": withAll(["nftables"], `${firewall}: source address and routed link of its own`),
  "files.minimal": always("slimming when the image was sealed"),
  "root.sealed": [
    { needs: ["erofs", "fs-verity"], on: "EROFS, and fs-verity by the kernel at every read" },
    { needs: ["erofs"], on: "EROFS, and the digest checked by the dock at mount, on change of the file and on demand" },
  ],
  "root.signed": always("ed25519 signature over the manifest, checked before every start"),
  "write.noexec": always("nosuid, nodev and noexec of every writable mount"),
  "write.declared": always("the ISC's own mount namespace"),
  "kernel.masked": always("masked and read-only paths of the OCI runtime"),
  "ns.own": withAll(["user-namespaces"], "namespaces of the kernel"),
  "uid.range": withAll(["user-namespaces", "idmapped-mounts"], "user namespace and idmapped mounts"),
  "caps.none": always("capability sets of the kernel"),
  nnp: always("no_new_privs of the kernel"),
  seccomp: withAll(["seccomp"], "seccomp filter of the kernel"),
  wx: withAll(["seccomp"], "seccomp rules on mmap, mprotect, shmat and memfd_create"),
  "exec.sealed": [
    { needs: ["fanotify"], on: "exec gate by fanotify before each program runs, and what runs compared with the manifest on demand" },
    { needs: [], on: "running programs and libraries compared with the manifest on demand" },
  ],
  "limit.memory": withAll(["cgroup-memory"], "cgroup memory controller"),
  "limit.cpu": withAll(["cgroup-cpu"], "cgroup cpu controller"),
  "limit.pids": withAll(["cgroup-pids"], "cgroup pids controller"),
  "scratch.quota": always("size of a file system of its own"),
  "scratch.encrypted": [
    { needs: ["dm-crypt"], on: "dm-crypt below ext4, key in kernel memory only" },
    { needs: ["fscrypt"], on: "fscrypt on ext4, key in kernel memory only" },
  ],
  "identity.unique": always("slots of the dock: address, uid range and machine-id"),
  "audit.on": withAll(["audit"], "the kernel's audit: rules by login id and uid, read beside auditd"),
  "ledger.chained": always("SHA-256 chain, heads signed with Ed25519"),
};

/** One entry for each row, in the contract's order. */
export function restsOf(capabilities: readonly Capability[]): readonly Rest[] {
  const presence = new Map(capabilities.map(({ name, present }) => [name, present]));
  return contractRows.map((row) => ({ row, on: restOf(mechanisms[row], presence) }));
}

function restOf(choices: readonly Mechanism[], presence: ReadonlyMap<string, boolean>): string {
  const met = choices.find(({ needs }) => needs.every((name) => presence.get(name)));
  if (met) return met.on;
  const missing = (choices.at(-1)?.needs ?? []).filter((name) => !presence.get(name));
  return `nothing: this host lacks ${missing.join(" and ")}`;
}
