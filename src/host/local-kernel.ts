/** The running kernel, by FFI. */

import * as audit from "./kernel/audit/audit-control.ts";
import * as btrfs from "./kernel/btrfs.ts";
import * as btrfsQuota from "./kernel/btrfs-quota.ts";
import * as conntrack from "./kernel/conntrack.ts";
import * as features from "./kernel/features.ts";
import * as fileSystem from "./kernel/file-system.ts";
import * as fscrypt from "./kernel/fscrypt.ts";
import * as keyring from "./kernel/keyring.ts";
import * as loop from "./kernel/loop.ts";
import * as mounts from "./kernel/mounts.ts";
import * as namespaces from "./kernel/namespaces.ts";
import { Nftables } from "./kernel/nftables.ts";
import * as pagemap from "./kernel/pagemap.ts";
import * as pidfd from "./kernel/pidfd.ts";
import * as probeCapture from "./kernel/probe-capture.ts";
import * as probeSocket from "./kernel/probe-socket.ts";
import * as pty from "./kernel/pty.ts";
import * as rtnetlink from "./kernel/rtnetlink.ts";
import * as socketDiag from "./kernel/socket-diag.ts";
import * as sparse from "./kernel/sparse.ts";
import * as trees from "./kernel/trees.ts";
import { UserNamespacePool } from "./kernel/user-namespace.ts";
import * as verity from "./kernel/verity.ts";
import type { Kernel } from "./kernel.ts";

/** nftables and the user-namespace pool hold kernel objects: close both with `closeKernel`. */
export function openKernel(): Kernel {
  return {
    audit,
    btrfs,
    btrfsQuota,
    conntrack,
    features,
    fileSystem,
    fscrypt,
    keyring,
    loop,
    mounts,
    namespaces,
    nftables: new Nftables(),
    pagemap,
    pidfd,
    probeCapture,
    probeSocket,
    pty,
    rtnetlink,
    socketDiag,
    sparse,
    trees,
    userNamespaces: new UserNamespacePool(4),
    verity,
  };
}

export async function closeKernel(kernel: Kernel): Promise<void> {
  kernel.nftables.close();
  await kernel.userNamespaces.close();
}
