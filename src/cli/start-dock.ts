/** Starts this machine's dock by itself and waits until it listens. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Dial, isDockAbsent } from "../api/node-client.ts";
import { Problem } from "../base/problem.ts";
import { layoutOf } from "../model/layout.ts";
import type { Places } from "./dock-address.ts";

export interface DockStart {
  readonly program: string;
  readonly places: Places;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dial: Dial;
  /** How long the dock may take until it listens. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const pollMs = 20;
const shownLines = 20;
/** A daemon must not depend on who happened to start it, but proxies and time zone belong to the machine. */
const inherited = /^(?:PATH|HOME|LANG|TZ|ISC_\w+|(?:https?|no|all)_proxy)$/i;

/** Comes back when the dock listens. Throws DOCK_UNREACHABLE with the last lines the dock wrote. */
export async function startDock(start: DockStart): Promise<void> {
  const { root, dockLog } = layoutOf(start.places);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const log = openSync(dockLog, "a", 0o600);
  const writtenBefore = readFileSync(dockLog).length;
  const child = spawn(start.program, [], { detached: true, cwd: "/", env: environmentOf(start), stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = code === null ? `it was ended by ${signal}` : `it exited with ${code}`;
  });
  const written = () => readFileSync(dockLog).subarray(writtenBefore).toString();
  // Another command may have started a dock at the same moment: ours gave way then, and that one will listen soon.
  const gaveUp = () => (ended === undefined || written().includes("DOCK_RUNNING") ? undefined : ended);
  const trouble = await waitUntilListening(start, gaveUp);
  if (trouble !== undefined) throw notStarted(trouble, written(), dockLog);
}

/** @returns what went wrong, undefined when the dock listens */
async function waitUntilListening({ dial, timeoutMs, signal }: DockStart, gaveUp: () => string | undefined): Promise<string | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  while (performance.now() < deadlineMs) {
    if (await isListening(dial)) return undefined;
    const trouble = gaveUp();
    if (trouble !== undefined) return trouble;
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
  return `it does not listen after ${timeoutMs / 1000} s`;
}

async function isListening(dial: Dial): Promise<boolean> {
  try {
    (await dial()).destroy();
    return true;
  } catch (error) {
    if (isDockAbsent(error)) return false;
    throw error;
  }
}

function environmentOf({ environment }: DockStart): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => inherited.test(name)));
}

function notStarted(trouble: string, written: string, dockLog: string): Problem {
  const details = written
    .split("\n")
    .filter((line) => line !== "")
    .slice(-shownLines);
  return new Problem("DOCK_UNREACHABLE", `cannot start the dock: ${trouble}`, { details, hint: `its log is ${dockLog}` });
}
