/** The numbers by which statfs(2) (`fs.statfsSync(path).type`) tells file systems apart; see linux/magic.h. */
export const EXT4_MAGIC = 0xef53;
export const XFS_MAGIC = 0x58465342;
export const BTRFS_MAGIC = 0x9123683e;
export const EROFS_MAGIC = 0xe0f5e1e2;
export const OVERLAY_MAGIC = 0x794c7630;
export const TMPFS_MAGIC = 0x01021994;
export const FUSE_MAGIC = 0x65735546;
export const NSFS_MAGIC = 0x6e736673;
export const PROC_MAGIC = 0x9fa0;
export const SYSFS_MAGIC = 0x62656572;
export const CGROUP_MAGIC = 0x27e0eb;
export const CGROUP2_MAGIC = 0x63677270;
