/**
 * Network namespaces: made, pinned on a file and entered by the main thread for the length of one synchronous function.
 * While inside, only the main thread is there: node's own worker threads, and so every asynchronous file or
 * network call, stay in the namespace of the process. A netlink socket belongs to the namespace it was opened in.
 */
import { closeSync, mkdirSync, openSync, statfsSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { callLibc, hasErrorCode } from "./libc.ts";
import { MNT_DETACH, MS_BIND, mount, unmount } from "./mounts.ts";
import { fileSystemMagic } from "./statfs.ts";

const CLONE_NEWNET = 0x40000000;

/**
 * Makes a network namespace, pins it on the file `pinPath` (made, with its folder) and runs `setup` inside it.
 * When `pinPath` already holds a namespace that one is kept and `setup` runs in it. When `setup` throws the new pin is removed.
 * `setup` must be synchronous. Throws KernelError; see unshare(2), network_namespaces(7).
 */
export function createNetworkNamespace(pinPath: string): undefined;
export function createNetworkNamespace<T>(pinPath: string, setup: () => T): T;
export function createNetworkNamespace<T>(pinPath: string, setup?: () => T): T | undefined {
  if (isNamespacePin(pinPath)) return setup ? withNetworkNamespace(pinPath, setup) : undefined;
  mkdirSync(dirname(pinPath), { recursive: true, mode: 0o700 });
  closeSync(openSync(pinPath, "a", 0o400));
  try {
    return andReturn(() => {
      callLibc("int unshare(int flags)", [CLONE_NEWNET], () => "make a network namespace");
      mount("/proc/thread-self/ns/net", pinPath, "", MS_BIND);
      return setup ? runSynchronously(setup) : undefined;
    });
  } catch (error) {
    removeNetworkNamespace(pinPath);
    throw error;
  }
}

/** Runs a synchronous function inside the network namespace pinned on a file. Throws KernelError; see setns(2). */
export function withNetworkNamespace<T>(pinPath: string, run: () => T): T {
  const fd = openSync(pinPath, "r");
  try {
    return andReturn(() => {
      enter(fd, pinPath);
      return runSynchronously(run);
    });
  } finally {
    closeSync(fd);
  }
}

/** Lends the descriptor of a pinned namespace for the length of one synchronous function, as rtnetlink wants it to move a link there. */
export function withNamespaceDescriptor<T>(pinPath: string, use: (fd: number) => T): T {
  const fd = openSync(pinPath, "r");
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Takes the pin away; the namespace ends with its last process and descriptor, and its links with it, other ends of veth pairs too.
 * The kernel does that in the background within milliseconds, where deleting a link holds up its caller for 15 ms and more.
 * Safe to repeat. Throws KernelError.
 */
export function removeNetworkNamespace(pinPath: string): void {
  try {
    unmount(pinPath, MNT_DETACH);
  } catch (error) {
    // EINVAL: a plain file, left by a broken-off attempt.
    if (!hasErrorCode(error, "ENOENT", "EINVAL")) throw error;
  }
  try {
    unlinkSync(pinPath);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  }
}

/** Whether a namespace is pinned on this file. */
export function isNamespacePin(path: string): boolean {
  try {
    return statfsSync(path).type === fileSystemMagic.nsfs;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** Runs a function that changes the thread's network namespace, and always comes back. */
function andReturn<T>(run: () => T): T {
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    return run();
  } finally {
    comeBack(home);
    closeSync(home);
  }
}

function comeBack(home: number): void {
  try {
    enter(home, "the namespace the process started in");
  } catch (error) {
    // A dock lost in the network of an ISC would do all its further work there.
    process.stderr.write(`iscadm: ${String(error)}\n`);
    process.abort();
  }
}

function enter(fd: number, name: string): void {
  callLibc("int setns(int fd, int type)", [fd, CLONE_NEWNET], () => `enter network namespace ${name}`);
}

function runSynchronously<T>(run: () => T): T {
  const result = run();
  if (result instanceof Promise) throw new TypeError("a function run inside a namespace must be synchronous");
  return result;
}
