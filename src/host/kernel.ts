/** The kernel calls of host/kernel as one bundle, so that a test can hand in another. */
import type * as audit from "./kernel/audit/audit-control.ts";
import type * as btrfs from "./kernel/btrfs.ts";
import type * as btrfsQuota from "./kernel/btrfs-quota.ts";
import type * as conntrack from "./kernel/conntrack.ts";
import type * as features from "./kernel/features.ts";
import type * as fileSystem from "./kernel/file-system.ts";
import type * as fscrypt from "./kernel/fscrypt.ts";
import type * as keyring from "./kernel/keyring.ts";
import type * as loop from "./kernel/loop.ts";
import type * as mounts from "./kernel/mounts.ts";
import type * as namespaces from "./kernel/namespaces.ts";
import type { Nftables } from "./kernel/nftables.ts";
import type * as pagemap from "./kernel/pagemap.ts";
import type * as pidfd from "./kernel/pidfd.ts";
import type * as pty from "./kernel/pty.ts";
import type * as rtnetlink from "./kernel/rtnetlink.ts";
import type * as socketDiag from "./kernel/socket-diag.ts";
import type * as sparse from "./kernel/sparse.ts";
import type * as trees from "./kernel/trees.ts";
import type { UserNamespacePool } from "./kernel/user-namespace.ts";
import type * as verity from "./kernel/verity.ts";

export interface Kernel {
  readonly audit: typeof audit;
  readonly btrfs: typeof btrfs;
  readonly btrfsQuota: typeof btrfsQuota;
  readonly conntrack: typeof conntrack;
  readonly features: typeof features;
  readonly fileSystem: typeof fileSystem;
  readonly fscrypt: typeof fscrypt;
  readonly keyring: typeof keyring;
  readonly loop: typeof loop;
  readonly mounts: typeof mounts;
  readonly namespaces: typeof namespaces;
  readonly nftables: Nftables;
  readonly pagemap: typeof pagemap;
  readonly pidfd: typeof pidfd;
  readonly pty: typeof pty;
  readonly rtnetlink: typeof rtnetlink;
  readonly sparse: typeof sparse;
  readonly trees: typeof trees;
  readonly socketDiag: typeof socketDiag;
  readonly userNamespaces: UserNamespacePool;
  readonly verity: typeof verity;
}
