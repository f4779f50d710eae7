/** Directory trees with owners, made below a folder that may hold hostile symlinks: none is ever followed. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { chmod, chown, copyFile, lchown, lstat, lutimes, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { hasErrorCode } from "./libc.ts";

export type DirectoryEntry = { readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number };

const parentMode = 0o755;
/** Directories keep set-group-id and the sticky bit; files keep neither, nor set-user-id. */
const directoryBits = 0o3777;
const fileBits = 0o777;

/**
 * Makes directories below `base`, with missing parents (root's, 0755), in the given order, synchronously:
 * a few dozen take less time than a single trip to node's thread pool. Those that exist get owner and mode.
 * Throws the error of node:fs, and Error where something else than a directory is in the way.
 */
export function makeDirectories(base: string, entries: readonly DirectoryEntry[]): void {
  for (const entry of entries) {
    const path = walkMaking(base, entry.path);
    chownSync(path, entry.uid, entry.gid);
    // After chown, which may clear set-group-id; and whatever the umask is.
    chmodSync(path, entry.mode);
  }
}

function walkMaking(base: string, path: string): string {
  let place = base;
  for (const part of partsOf(path)) {
    place = `${place}/${part}`;
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) throw new Error(`cannot make directory ${place}: something else is there`);
    if (found) continue;
    mkdirSync(place);
    chmodSync(place, parentMode);
    lchownSync(place, 0, 0);
  }
  return place;
}

/**
 * Makes a file in a directory below `base` that is there already, in the place of another one, synchronously.
 * Throws the error of node:fs: ENOENT where the directory is missing, or a symlink or file is on the way.
 */
export function makeFile(base: string, entry: DirectoryEntry, bytes: Uint8Array): void {
  const slash = entry.path.lastIndexOf("/");
  const directory = findDirectoryInside(base, entry.path.slice(0, slash));
  const file = `${directory ?? `${base}${entry.path.slice(0, slash)}`}/${partsOf(entry.path).at(-1)}`;
  if (directory === undefined) throw Object.assign(new Error(`cannot make ${file}: no directory is there`), { code: "ENOENT" });
  rmSync(file, { force: true });
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fchownSync(fd, entry.uid, entry.gid);
    writeFileSync(fd, bytes);
    fchmodSync(fd, entry.mode);
  } finally {
    closeSync(fd);
  }
}

/** The directory that a path means inside `root`; undefined when it is not there, or a symlink or file is on the way. */
export function findDirectoryInside(root: string, path: string): string | undefined {
  let place = root;
  for (const part of partsOf(path)) {
    place = `${place}/${part}`;
    if (!lstatSync(place, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  }
  return place;
}

function partsOf(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.includes("..") || parts.includes(".")) throw new RangeError(`a path inside a tree has no . or ..: ${path}`);
  return parts;
}

/**
 * Copies what lies in `from` into the existing directory `to`: directories, regular files and symlinks, with owners, modes and times.
 * Set-user-id, devices, sockets and extended attributes stay behind. A directory already there is filled, anything else there is kept.
 * Throws the error of node:fs: ENOSPC, EDQUOT.
 */
export async function copyContents(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const source = join(from, name);
    await copyEntry(source, join(to, name), await lstat(source));
  }
}

async function copyEntry(source: string, target: string, status: Stats): Promise<void> {
  try {
    if (status.isDirectory()) await mkdir(target);
    else if (status.isFile()) await copyFile(source, target, 1);
    else if (status.isSymbolicLink()) await symlink(await readlink(source), target);
    else return;
  } catch (error) {
    if (!hasErrorCode(error, "EEXIST")) throw error;
    if (status.isDirectory() && (await lstat(target)).isDirectory()) await copyContents(source, target);
    return;
  }
  if (status.isDirectory()) await copyContents(source, target);
  await giveAttributes(target, status);
}

async function giveAttributes(target: string, status: Stats): Promise<void> {
  if (status.isSymbolicLink()) await lchown(target, status.uid, status.gid);
  else {
    await chown(target, status.uid, status.gid);
    await chmod(target, status.mode & (status.isDirectory() ? directoryBits : fileBits));
  }
  await lutimes(target, status.atime, status.mtime);
}
