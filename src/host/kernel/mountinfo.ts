/** Reads the text of /proc/PID/mountinfo; see proc_pid_mountinfo(5). Pure. */

export type MountInfo = {
  readonly id: number;
  readonly parentId: number;
  readonly major: number;
  readonly minor: number;
  /** The folder of the file system which is the root of this mount. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount, such as `ro` and `nosuid`. */
  readonly options: readonly string[];
  /** Propagation fields, such as `shared:5` and `master:2`; none for a private mount. */
  readonly optional: readonly string[];
  readonly type: string;
  readonly source: string;
  /** Options of the file system below, shared by all its mounts. */
  readonly superOptions: readonly string[];
};

/** The mounts in the kernel's order: a later mount on the same place covers an earlier one. Throws on a line of another shape. */
export function parseMountInfo(text: string): readonly MountInfo[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLine);
}

function parseLine(line: string): MountInfo {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", 6);
  const [id, parentId, device = "", root, mountPoint, options] = fields;
  const [type, source, superOptions] = dash < 0 ? [] : fields.slice(dash + 1);
  const [major, minor] = device.split(":");
  if (root === undefined || mountPoint === undefined || options === undefined || type === undefined || superOptions === undefined) {
    throw new Error(`cannot read mountinfo line: ${line}`);
  }
  return {
    id: Number(id),
    parentId: Number(parentId),
    major: Number(major),
    minor: Number(minor),
    root: decodeOctal(root),
    mountPoint: decodeOctal(mountPoint),
    options: options.split(","),
    optional: fields.slice(6, dash),
    type: decodeOctal(type),
    source: decodeOctal(source ?? ""),
    superOptions: superOptions.split(",").map(decodeOctal),
  };
}

/** The kernel writes space, tab, newline, backslash and # as \ooo, byte by byte. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
