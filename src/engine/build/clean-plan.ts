/** What no image may hold, slim or not: rights, devices, identities of the machine it was built on. Pure. */
import type { TreeEntry } from "../../host/tree-hash.ts";

export interface CleanPlan {
  /** Paths to take out, with everything below. */
  readonly remove: readonly string[];
  readonly chmod: readonly { readonly path: string; readonly mode: number }[];
  /** Directories to empty: what is in them is hidden by mounts, or is left over from the build. */
  readonly empty: readonly string[];
}

const hidden = ["/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/mnt", "/media"];

/** Keys, seeds and backups that would be the same in every ISC, or tell about the build. */
const identities: readonly RegExp[] = [
  /^\/etc\/ssh\/ssh_host_[^/]*_key(?:\.pub)?$/,
  /^\/etc\/ssl\/(?:private|certs)\/ssl-cert-snakeoil\.(?:key|pem)$/,
  /^\/var\/lib\/(?:systemd\/|urandom\/)?random-seed$/,
  /^\/var\/lib\/systemd\/(?:credential\.secret|random-seed)$/,
  /^\/var\/lib\/dbus\/machine-id$/,
  /^\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-$/,
  /^\/etc\/\.pwd\.lock$/,
  /^\/var\/cache\/ldconfig\/aux-cache$/,
  /^\/\.dockerenv$/,
  /^\/root\/\.(?:bash_history|wget-hsts|cache|gnupg|rnd)$/,
];

/** Left over from the build, and hidden by scratch; directories stay, they are made on scratch again. */
const leftOver = /^\/(?:var\/log|run)\/.+/;

export function planCleaning(entries: readonly TreeEntry[]): CleanPlan {
  const remove = entries.filter(isUnwanted).map((entry) => entry.path);
  const gone = new Set(remove);
  const chmod = entries.flatMap((entry) => {
    const mode = allowedMode(entry);
    return gone.has(entry.path) || mode === entry.mode ? [] : [{ path: entry.path, mode }];
  });
  return { remove, chmod, empty: hidden };
}

/** No setuid, setgid or sticky bit, nothing that everybody may write. */
export function allowedMode({ kind, mode }: Pick<TreeEntry, "kind" | "mode">): number {
  return kind === "symlink" ? mode : mode & 0o775;
}

function isUnwanted({ path, kind }: TreeEntry): boolean {
  if (hidden.some((place) => path.startsWith(`${place}/`))) return false;
  return kind === "other" || identities.some((pattern) => pattern.test(path)) || (kind !== "directory" && leftOver.test(path));
}

/** Every password locked, and the day of the last change, which is the day of the build, left out (shadow(5)). */
export function lockShadow(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => `${line.split(":")[0]}:!*::0:99999:7:::\n`).join("");
}

/** A compiled Python file remembers its source's time; in an image all times are zero (PEP 552: flags 0, then the time). Changes `bytes`; answers whether it did. */
export function zeroPythonTime(bytes: Buffer): boolean {
  if (bytes.length < 16 || bytes.readUInt16LE(2) !== 0x0a0d || bytes.readUInt32LE(4) !== 0 || bytes.readUInt32LE(8) === 0) return false;
  bytes.writeUInt32LE(0, 8);
  return true;
}
