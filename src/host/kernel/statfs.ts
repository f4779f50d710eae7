/** The numbers by which statfs(2) (`fs.statfsSync(path).type`) tells file systems apart; see linux/magic.h. */
export const fileSystemMagic = {
  ext4: 0xef53,
  xfs: 0x58465342,
  btrfs: 0x9123683e,
  erofs: 0xe0f5e1e2,
  overlay: 0x794c7630,
  tmpfs: 0x01021994,
  fuse: 0x65735546,
  nsfs: 0x6e736673,
  proc: 0x9fa0,
  sysfs: 0x62656572,
  cgroup: 0x27e0eb,
  cgroup2: 0x63677270,
} as const;
