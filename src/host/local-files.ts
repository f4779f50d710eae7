/** Files of this machine. */
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import path from "node:path";
import type { FileStatus, Files } from "./host.ts";
import { runCommand } from "./run-command.ts";

const privateFile = 0o600;
const privateDirectory = 0o700;

export function createLocalFiles(): Files {
  return {
    readText: (file) => fs.promises.readFile(file, "utf8"),
    findText: (file) => orMissing(fs.promises.readFile(file, "utf8")),
    readBytes: (file) => fs.promises.readFile(file),
    findTextNow: (file) => orMissingNow(() => fs.readFileSync(file, "utf8")),
    readPartNow,
    writeAtomic,
    write: async (file, data, mode = privateFile) => fs.promises.writeFile(file, data, { mode }),
    writeNow: (file, data) => fs.writeFileSync(file, data),
    writeFifoNow,
    append: async (file, data) => fs.promises.appendFile(file, data, { mode: privateFile }),
    makeDirectory: async (directory, mode = privateDirectory) => void (await fs.promises.mkdir(directory, { recursive: true, mode })),
    remove,
    removeEmptyDirectory,
    rename: (from, to) => fs.promises.rename(from, to),
    copyFile: (from, to) => fs.promises.copyFile(from, to, constants.COPYFILE_FICLONE),
    copyTree: async (from, to) => {
      await runCommand({ program: "cp", arguments: ["-a", "--reflink=auto", "--sparse=auto", "--", from, to], timeoutMs: 600_000 });
    },
    list: (directory) => fs.promises.readdir(directory),
    listNow: (directory) => fs.readdirSync(directory),
    findList: async (directory) => (await orMissing(fs.promises.readdir(directory))) ?? [],
    find: async (file) => {
      const stats = await orMissing(fs.promises.lstat(file));
      return stats && statusOf(stats);
    },
    findNow: (file) => {
      const stats = orMissingNow(() => fs.lstatSync(file));
      return stats && statusOf(stats);
    },
    findLink: (file) => orMissing(fs.promises.readlink(file)),
    findLinkNow: (file) => orMissingNow(() => fs.readlinkSync(file)),
    symlink: (target, file) => fs.promises.symlink(target, file),
    chmod: (file, mode) => fs.promises.chmod(file, mode),
    chown: (file, uid, gid) => fs.promises.lchown(file, uid, gid),
    makeTemporary: (parent, prefix) => fs.promises.mkdtemp(path.join(parent, prefix)),
    statFileSystem: async (file) => {
      const stats = await fs.promises.statfs(file);
      return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize, magic: stats.type };
    },
    sync,
  };
}

/** Errors that mean "there is nothing": also a process that went away while its /proc file was read (ESRCH), or a path through a non-directory. */
const missingCodes = new Set(["ENOENT", "ENOTDIR", "ESRCH"]);

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && missingCodes.has(error.code);
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function orMissingNow<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opening without waiting is refused with ENXIO when there is no reader; fifo(7). */
function writeFifoNow(file: string, data: string): boolean {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENXIO") return false;
    throw error;
  }
  try {
    fs.unlinkSync(file);
    fs.writeSync(descriptor, data);
    return true;
  } finally {
    fs.closeSync(descriptor);
  }
}

function statusOf(stats: fs.Stats): FileStatus {
  return {
    kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "symlink" : "other",
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: stats.size,
    device: stats.dev,
    inode: stats.ino,
    modifiedMs: stats.mtimeMs,
    changedMs: stats.ctimeMs,
  };
}

async function writeAtomic(file: string, data: string | Uint8Array, mode = privateFile): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString("hex")}`);
  try {
    const handle = await fs.promises.open(draft, "wx", mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(draft, file);
  } catch (error) {
    await fs.promises.rm(draft, { force: true });
    throw error;
  }
  await syncDirectory(path.dirname(file));
}

async function sync(file: string): Promise<void> {
  const handle = await fs.promises.open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(path.dirname(file));
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Refuses to descend into another file system: a mount that somebody forgot below `file` must not be emptied. */
async function remove(file: string): Promise<void> {
  const stats = await orMissing(fs.promises.lstat(file));
  if (!stats) return;
  if (!stats.isDirectory()) {
    await orMissing(fs.promises.unlink(file));
    return;
  }
  await removeDirectory(file, stats.dev);
}

const stayCodes = new Set(["ENOENT", "ENOTEMPTY", "EBUSY"]);

async function removeEmptyDirectory(directory: string): Promise<void> {
  try {
    await fs.promises.rmdir(directory);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && stayCodes.has(String(error.code)))) throw error;
  }
}

async function removeDirectory(directory: string, device: number): Promise<void> {
  const entries = await fs.promises.readdir(directory, { withFileTypes: true });
  for (const entry of entries) {
    const inner = path.join(directory, entry.name);
    if (!entry.isDirectory()) {
      await orMissing(fs.promises.unlink(inner));
      continue;
    }
    const stats = await fs.promises.lstat(inner);
    if (stats.dev !== device) throw new Error(`cannot remove ${directory}: ${inner} is another file system, unmount it first`);
    await removeDirectory(inner, device);
  }
  await orMissing(fs.promises.rmdir(directory));
}

function readPartNow(file: string, position: number, length: number): Buffer {
  const descriptor = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, length, position));
  } finally {
    fs.closeSync(descriptor);
  }
}
