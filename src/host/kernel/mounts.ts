/** Mounts by system call: mount(2), umount2(2) and the mount API that works on file descriptors. */
import { closeSync } from "node:fs";
import { callLibc } from "./libc.ts";

export const MS_RDONLY = 0x1;
export const MS_NOSUID = 0x2;
export const MS_NODEV = 0x4;
export const MS_NOEXEC = 0x8;
export const MS_REMOUNT = 0x20;
export const MS_NOSYMFOLLOW = 0x100;
export const MS_NOATIME = 0x400;
export const MS_BIND = 0x1000;
export const MS_MOVE = 0x2000;
export const MS_REC = 0x4000;
export const MS_UNBINDABLE = 0x20000;
export const MS_PRIVATE = 0x40000;
export const MS_SLAVE = 0x80000;
export const MS_SHARED = 0x100000;
export const MS_RELATIME = 0x200000;

export const MNT_FORCE = 0x1;
export const MNT_DETACH = 0x2;
export const MNT_EXPIRE = 0x4;
export const UMOUNT_NOFOLLOW = 0x8;

export const OPEN_TREE_CLONE = 0x1;
export const OPEN_TREE_CLOEXEC = 0x80000;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;

export const MOUNT_ATTR_RDONLY = 0x1;
export const MOUNT_ATTR_NOSUID = 0x2;
export const MOUNT_ATTR_NODEV = 0x4;
export const MOUNT_ATTR_NOEXEC = 0x8;
export const MOUNT_ATTR_NOATIME = 0x10;
export const MOUNT_ATTR_IDMAP = 0x100000;
export const MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

// Every call below is newer than the common numbering of system calls: x86_64 and arm64 agree.
const SYS_open_tree = 428;
const SYS_move_mount = 429;
const SYS_mount_setattr = 442;
const AT_FDCWD = -100;
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;

export type Propagation = "private" | "slave" | "shared" | "unbindable";

const propagationFlags: Readonly<Record<Propagation, number>> = {
  private: MS_PRIVATE,
  slave: MS_SLAVE,
  shared: MS_SHARED,
  unbindable: MS_UNBINDABLE,
};

/** mount(2). `flags` are MS_ values; `data` is the file system's own options. Throws KernelError. */
export function mount(source: string, target: string, type: string, flags = 0, data = ""): void {
  callLibc(
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
    [source, target, type, flags, data],
    () => `mount ${source} on ${target}`,
  );
}

/** umount2(2). `flags` are MNT_ and UMOUNT_ values. Throws KernelError: EINVAL when nothing is mounted there, EBUSY when in use. */
export function unmount(target: string, flags = 0): void {
  callLibc("int umount2(const char *target, int flags)", [target, flags], () => `unmount ${target}`);
}

/** Changes how mounts and unmounts travel between copies of this mount; see mount_namespaces(7). Throws KernelError. */
export function setPropagation(path: string, propagation: Propagation, recursive = false): void {
  mount("none", path, "", propagationFlags[propagation] | (recursive ? MS_REC : 0));
}

/** open_tree(2): a descriptor of a mount, which the caller closes; of a detached copy with OPEN_TREE_CLONE. Throws KernelError. */
export function openTree(path: string, flags = OPEN_TREE_CLOEXEC): number {
  return callLibc(
    "long syscall(long number, int dirfd, const char *path, unsigned int flags)",
    [SYS_open_tree, AT_FDCWD, path, flags],
    () => `open mount tree ${path}`,
  );
}

/** move_mount(2): attaches (or moves) the mount behind a descriptor to a path. Throws KernelError. */
export function moveMount(fromFd: number, toPath: string): void {
  callLibc(
    "long syscall(long number, int from, const char *from_path, int to, const char *to_path, unsigned int flags)",
    [SYS_move_mount, fromFd, "", AT_FDCWD, toPath, MOVE_MOUNT_F_EMPTY_PATH],
    () => `attach mount to ${toPath}`,
  );
}

export type MountAttributes = {
  /** MOUNT_ATTR_ values to set and to clear. */
  readonly set?: number;
  readonly clear?: number;
  readonly propagation?: Propagation;
  /** Maps ids through this user namespace; sets MOUNT_ATTR_IDMAP too. Only for a mount not attached anywhere yet. */
  readonly userNamespaceFd?: number;
  readonly recursive?: boolean;
};

/** mount_setattr(2) on a descriptor of open_tree(2) or on a path. Throws KernelError. */
export function setMountAttributes(mountPoint: number | string, attributes: MountAttributes): void {
  const { set = 0, clear = 0, propagation, userNamespaceFd, recursive = false } = attributes;
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
  const record = new BigUint64Array([
    BigInt(userNamespaceFd === undefined ? set : set | MOUNT_ATTR_IDMAP),
    BigInt(clear),
    BigInt(propagation ? propagationFlags[propagation] : 0),
    BigInt(userNamespaceFd ?? 0),
  ]);
  const byFd = typeof mountPoint === "number";
  callLibc(
    "long syscall(long number, int dirfd, const char *path, unsigned int flags, void *attr, size_t size)",
    [
      SYS_mount_setattr,
      byFd ? mountPoint : AT_FDCWD,
      byFd ? "" : mountPoint,
      (byFd ? AT_EMPTY_PATH : 0) | (recursive ? AT_RECURSIVE : 0),
      record,
      record.byteLength,
    ],
    () => `set mount attributes of ${byFd ? `descriptor ${mountPoint}` : mountPoint}`,
  );
}

export type IdmapClone = {
  readonly source: string;
  readonly target: string;
  readonly userNamespaceFd: number;
  /** Of these four: true sets, false clears, absent keeps what `source` has. */
  readonly readOnly?: boolean;
  readonly noSuid?: boolean;
  readonly noDev?: boolean;
  readonly noExec?: boolean;
};

/**
 * Mounts a private copy of `source` on `target` whose file owners are mapped through a user namespace.
 * The copy never propagates and never receives. Throws KernelError: EINVAL when the file system cannot be idmapped.
 */
export function cloneMountWithIdmap(options: IdmapClone): void {
  const fd = openTree(options.source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  try {
    const flags = [
      [options.readOnly, MOUNT_ATTR_RDONLY],
      [options.noSuid, MOUNT_ATTR_NOSUID],
      [options.noDev, MOUNT_ATTR_NODEV],
      [options.noExec, MOUNT_ATTR_NOEXEC],
    ] as const;
    const sum = (wanted: boolean) => flags.reduce((value, [choice, flag]) => (choice === wanted ? value | flag : value), 0);
    setMountAttributes(fd, {
      set: sum(true),
      clear: sum(false),
      propagation: "private",
      userNamespaceFd: options.userNamespaceFd,
    });
    moveMount(fd, options.target);
  } finally {
    closeSync(fd);
  }
}
