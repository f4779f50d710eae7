/** Reads /proc/PID/maps; see proc_pid_maps(5). Pure. */

export interface Mapping {
  /** As in the file, such as "7f0c18a00000-7f0c18b75000". */
  readonly range: string;
  /** Such as "r-xp". */
  readonly permissions: string;
  /** "major:minor", decimal as in mountinfo; "0:0" for memory without a file. */
  readonly device: string;
  readonly inode: string;
  /** A path, or the kernel's own name such as "[vdso]"; "" for anonymous memory. */
  readonly path: string;
  /** Of code from a file: how many of its pages were written to, past their protection, by the process or by somebody else. */
  readonly ownPages?: number;
}

const linePattern = /^([0-9a-f]+-[0-9a-f]+) ([r-][w-]x[ps]) [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$/;

/** The executable mappings only. */
export function parseExecutableMappings(text: string): readonly Mapping[] {
  return text.split("\n").flatMap((line) => {
    const match = linePattern.exec(line);
    if (!match) return [];
    const [, range = "", permissions = "", major = "", minor = "", inode = "", path = ""] = match;
    return [
      { range, permissions, device: `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`, inode, path: decodeNewlines(path) },
    ];
  });
}

/** The kernel writes a newline in a name as \012, and nothing else. */
function decodeNewlines(path: string): string {
  return path.replaceAll("\\012", "\n");
}

/** Pages of code that the kernel itself gives to every process. */
const kernelPages = new Set(["[vdso]", "[vsyscall]", "[uprobes]"]);

export function isKernelPage({ path }: Mapping): boolean {
  return kernelPages.has(path);
}

/** Code that is no file of any mounted file system: anonymous memory, memfd, System V shared memory. */
export function isAnonymous({ path }: Mapping): boolean {
  return !path.startsWith("/") || path.startsWith("/memfd:") || path.startsWith("/SYSV") || path.startsWith("/dev/zero");
}
