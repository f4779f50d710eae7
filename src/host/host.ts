/** The one door to the machine. Everything that touches files, programs, the kernel or the clock goes through a Host, so that tests can stand in for it. */

import type { Duplex } from "node:stream";
import type { startAudit } from "./audit.ts";
import type { startExecGate } from "./exec-gate.ts";
import type { Kernel } from "./kernel.ts";
import type { startNetfilter } from "./netfilter.ts";
import type { Probe } from "./probe.ts";
import type { ResolvedName } from "./resolve-name-ttl.ts";
import type { Resolver, ResolverOptions } from "./resolver/resolver-options.ts";

export interface Host {
  readonly files: Files;
  readonly kernel: Kernel;
  /** Runs a program to its end. Throws CommandFailure on a non-zero exit (unless `allowExitCodes` holds it), a signal or the time limit. */
  run(command: Command): Promise<CommandResult>;
  /** Starts a program that outlives this call. */
  start(command: LongCommand): RunningCommand;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Monotonic clock, milliseconds. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  /** Addresses of a DNS name; none when it does not resolve. */
  resolveName(name: string): Promise<readonly string[]>;
  readonly resolveNameTtl: (name: string) => Promise<ResolvedName>;
  readonly resolver: (options: ResolverOptions) => Promise<Resolver>;
  /** Health checks over the network. */
  readonly probe: Probe;
  /** SHA-256 of a file and its fs-verity digest, on all cores. */
  measure(path: string, options?: MeasureOptions): Promise<FileMeasure>;
  /** Packets that the firewall logs to a group, and changes of its tables. Throws Error when they cannot be read. */
  readonly netfilter: typeof startNetfilter;
  /** Allows and denies executions. Throws KernelError where the kernel cannot ask. */
  readonly execGate: typeof startExecGate;
  /** Records of the kernel's audit. Throws Error when they cannot be read. */
  readonly audit: typeof startAudit;
}

export interface MeasureOptions {
  /** In the background: with what nobody else wants of processor and disk; holds up no other measurement. */
  readonly calm?: boolean | undefined;
}

export interface FileMeasure {
  readonly sizeBytes: number;
  /** fs-verity digest, "sha256:…" (Linux Documentation/filesystems/fsverity.rst, SHA-256, 4096-byte blocks, no salt). */
  readonly verity: string;
}

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly input?: string | Uint8Array;
  /** Whole environment besides PATH and LC_ALL=C; nothing is inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Exit codes that are an answer, not a failure. Default [0]. */
  readonly allowExitCodes?: readonly number[];
  /** Called with each whole line of standard output and standard error. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Stops the program (TERM, then KILL) when aborted. */
  readonly signal?: AbortSignal;
  /** Most bytes kept of each stream; default 16 MiB. More is cut, not an error. */
  readonly outputLimitBytes?: number;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface LongCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** File descriptors or "pipe"/"ignore", by number from 0. Default all "ignore". */
  readonly stdio?: readonly (number | "pipe" | "ignore")[];
  /** Own session, not killed with this process. */
  readonly detached?: boolean;
}

export interface RunningCommand {
  readonly pid: number;
  readonly stdin: NodeJS.WritableStream | undefined;
  readonly stdout: NodeJS.ReadableStream | undefined;
  readonly stderr: NodeJS.ReadableStream | undefined;
  /** The other end of stdio entry `index` (from 3) opened with "pipe". */
  pipe(index: number): Duplex | undefined;
  readonly exited: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  kill(signal: NodeJS.Signals): void;
}

/** File access. Paths are absolute. Reads of something that is not there throw a Node error with code ENOENT, except where "find" answers undefined. */
export interface Files {
  readText(path: string): Promise<string>;
  findText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Buffer>;
  /** Synchronous read for /proc, /sys and cgroup files, which never block and cost microseconds. */
  findTextNow(path: string): string | undefined;
  /** Bytes of a file from `position`, fewer than `length` at its end. Synchronous: of files that are local and not long. */
  readPartNow(path: string, position: number, length: number): Buffer;
  /** Write, fsync, rename, fsync of the directory: the file is the old or the new one at any point in time. Default mode 0600. */
  writeAtomic(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  /** Plain write without sync, for files below ISC_RUN and kernel files. Default mode 0600. */
  write(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  writeNow(path: string, data: string): void;
  /** Takes a FIFO out of its directory and writes into it; false, and nothing is done, while nobody has it open for reading. */
  writeFifoNow(path: string, data: string): boolean;
  append(path: string, data: string): Promise<void>;
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Removes a file or a tree; nothing there is no error. Never follows symlinks, never crosses into another file system. */
  remove(path: string): Promise<void>;
  /** rmdir(2); one that is missing, in use or not empty stays as it is, and that is no error. */
  removeEmptyDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  copyFile(from: string, to: string): Promise<void>;
  /** Copies a tree with owners, modes, times, symlinks and xattrs (cp -a --reflink=auto). */
  copyTree(from: string, to: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  listNow(path: string): readonly string[];
  findList(path: string): Promise<readonly string[]>;
  find(path: string): Promise<FileStatus | undefined>;
  findNow(path: string): FileStatus | undefined;
  findLink(path: string): Promise<string | undefined>;
  findLinkNow(path: string): string | undefined;
  symlink(target: string, path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Never follows a symlink. */
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** A new directory below `parent`, mode 0700. */
  makeTemporary(parent: string, prefix: string): Promise<string>;
  /** Free and total bytes of the file system holding `path`, and its magic number (statfs(2)). */
  statFileSystem(path: string): Promise<{ freeBytes: number; totalBytes: number; magic: number }>;
  /** fsync of a file and of its directory. */
  sync(path: string): Promise<void>;
}

export interface FileStatus {
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly device: number;
  readonly inode: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
}
