/**
 * The dock's program. It first moves into its own mount namespace by becoming unshare, or nsenter where ISCs still run from before:
 * their conmon processes hold the namespace that an earlier dock made. Then it runs the daemon there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isProblem, Problem } from "../base/problem.ts";
import { type DockSettings, readDockSettings } from "../dock/settings.ts";

const insideFlag = "--inside-mount-namespace";

async function main(): Promise<void> {
  const settings = readDockSettings(process.env);
  if (process.getuid?.() !== 0) throw new Problem("NOT_ALLOWED", "cannot start the dock: it needs root", { hint: "use sudo" });
  if (process.argv.includes(insideFlag)) {
    // Loaded here alone: the process that is about to become another one needs none of it.
    const { runDock } = await import("../dock/run-dock.ts");
    await runDock(settings);
    // conmon processes and their pipes would keep this one alive.
    process.exit(0);
  } else enterMountNamespace(settings);
}

/** Never returns: this process becomes the daemon's. */
function enterMountNamespace(settings: DockSettings): never {
  const self = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), insideFlag];
  const holder = findNamespaceHolder(settings.run);
  return holder === undefined
    ? become("/usr/bin/unshare", ["--mount", "--propagation=slave", "--", ...self])
    : become("/usr/bin/nsenter", [`--mount=/proc/${holder}/ns/mnt`, "--", ...self]);
}

/** A conmon of this dock that still lives: its command line names our bundle. */
function findNamespaceHolder(run: string): number | undefined {
  for (const name of listOrNothing(`${run}/isc`)) {
    const pid = Number(readOrNothing(`${run}/isc/${name}/conmon.pid`));
    if (pid > 0 && readOrNothing(`/proc/${pid}/cmdline`).includes(`${run}/isc/${name}/bundle\0`)) return pid;
  }
  return undefined;
}

function become(program: string, commandLine: readonly string[]): never {
  if (!process.execve) throw new Error("this Node has no process.execve");
  const environment = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  process.execve(program, [program, ...commandLine], environment);
  throw new Error(`cannot become ${program}`);
}

function listOrNothing(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

try {
  await main();
} catch (error) {
  if (!isProblem(error)) throw error;
  process.stderr.write(`iscadm-dock: ${error.message}\n${error.hint === undefined ? "" : `  hint: ${error.hint}\n`}`);
  process.exitCode = error.code === "USAGE" ? 2 : 1;
}
