/** Numbers of the system calls that audit asks and tells of: on x86-64 and, by asm-generic/unistd.h, on arm64. Others are told by number. */

type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

const calls: Readonly<Record<string, Numbers>> = {
  execve: [59, 221],
  execveat: [322, 281],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  move_mount: [429, 429],
  open_tree: [428, 428],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  chroot: [161, 51],
  setns: [308, 268],
  unshare: [272, 97],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  personality: [135, 92],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  fanotify_init: [300, 262],
  mknod: [133, undefined],
  mknodat: [259, 33],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  open: [2, undefined],
  openat: [257, 56],
  openat2: [437, 437],
  creat: [85, undefined],
  unlink: [87, undefined],
  unlinkat: [263, 35],
  rename: [82, undefined],
  renameat: [264, 38],
  renameat2: [316, 276],
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  chown: [92, undefined],
  fchown: [93, 55],
  lchown: [94, undefined],
  fchownat: [260, 54],
  link: [86, undefined],
  linkat: [265, 37],
  symlink: [88, undefined],
  symlinkat: [266, 36],
  mkdir: [83, undefined],
  mkdirat: [258, 34],
  rmdir: [84, undefined],
  truncate: [76, 45],
  ftruncate: [77, 46],
  setxattr: [188, 5],
  fsetxattr: [190, 7],
  lsetxattr: [189, 6],
  kill: [62, 129],
  tkill: [200, 130],
  tgkill: [234, 131],
  socket: [41, 198],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  setuid: [105, 146],
  setgid: [106, 144],
  setreuid: [113, 145],
  setregid: [114, 143],
  setresuid: [117, 147],
  setresgid: [119, 149],
  setgroups: [116, 159],
  setfsuid: [122, 151],
  setfsgid: [123, 152],
  capset: [126, 91],
  mmap: [9, 222],
  mprotect: [10, 226],
  pkey_mprotect: [329, 288],
  shmat: [30, 196],
  shmget: [29, 194],
  remap_file_pages: [216, 234],
  clone: [56, 220],
  clone3: [435, 435],
  vhangup: [153, 58],
  uselib: [134, undefined],
  modify_ldt: [154, undefined],
  seccomp: [317, 277],
  landlock_create_ruleset: [444, 444],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  vmsplice: [278, 75],
  pidfd_open: [434, 434],
  ioctl: [16, 29],
  prctl: [157, 167],
  socketpair: [53, 199],
  rseq: [334, 293],
  statmount: [457, 457],
  listmount: [458, 458],
};

/** AUDIT_ARCH_ numbers, as records write them; linux/audit.h. */
const architectures = { x64: "c000003e", arm64: "c00000b7" } as const;
type Architecture = keyof typeof architectures;

const byNumber: Readonly<Record<Architecture, ReadonlyMap<number, string>>> = { x64: invert(0), arm64: invert(1) };

/** Of this machine; undefined on one that ISCs do not run on. */
export function findAuditArchitecture(
  machine: string,
): { readonly number: number; readonly numberOf: (name: string) => number | undefined } | undefined {
  if (machine !== "x64" && machine !== "arm64") return undefined;
  return { number: Number.parseInt(architectures[machine], 16), numberOf: (name) => calls[name]?.[machine === "x64" ? 0 : 1] };
}

/** @param architecture as a record's `arch` field says */
export function nameOfSyscall(architecture: string, number: number): string {
  if (architecture === architectures.x64) return byNumber.x64.get(number) ?? `call ${number}`;
  if (architecture === architectures.arm64) return byNumber.arm64.get(number) ?? `call ${number}`;
  // The 32-bit entries of the same machines have other numbers.
  return `call ${number} of another architecture`;
}

function invert(column: 0 | 1): ReadonlyMap<number, string> {
  return new Map(
    Object.entries(calls).flatMap(([name, numbers]) => {
      const number = numbers[column];
      return number === undefined ? [] : [[number, name] as const];
    }),
  );
}
