/** Processes with rights that they should not have. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import type { Breakage } from "./breakage.ts";
import type { Victim } from "./victim.ts";

/** A program of the sealed image that waits. */
const waiter = ["--", "/usr/bin/sleep", "600"] as const;

export const rightsBreakages: readonly Breakage[] = [
  {
    title: "a process of the host in one of its namespaces",
    row: "ns.own",
    act: (victim) => starting("nsenter", "-t", String(victim.pid), "-u", "--", "sleep", "600"),
  },
  {
    title: "one of its processes in another network",
    row: "ns.own",
    also: ["net.outbound"],
    act: (victim) => joining(victim, "--own-net", ...waiter),
  },
  {
    title: "a process of the host with a uid of its range",
    row: "uid.range",
    act: ({ identity }) => {
      const id = String(identity.uidBase + 33);
      return starting("setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--", "sleep", "600");
    },
  },
  {
    title: "one of its processes with a wrong uid map",
    row: "uid.range",
    also: ["ns.own"],
    act: (victim) => joining(victim, "--own-user", ...waiter),
  },
  {
    title: "a capability within reach",
    row: "caps.none",
    act: (victim) => joining(victim, "--bounding=12", ...waiter),
  },
  {
    title: "a process that may gain privileges",
    row: "nnp",
    act: (victim) => joining(victim, "--no-nnp", ...waiter),
  },
  {
    title: "a process without a filter",
    row: "seccomp",
    act: (victim) => joining(victim, "--no-seccomp", ...waiter),
  },
  {
    title: "a filter that is not the profile's",
    row: "seccomp",
    act: (victim) => {
      const file = `${victim.layout.live.bundle(victim.record.name)}/config.json`;
      const before = readFileSync(file, "utf8");
      const config = JSON.parse(before);
      config.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW";
      writeFileSync(file, JSON.stringify(config));
      return () => writeFileSync(file, before);
    },
  },
  {
    title: "memory that is writable and executable",
    row: "wx",
    // Nothing in the image maps such memory when asked, so the process is the host's perl.
    also: ["exec.sealed"],
    act: (victim) => joining(victim, "--map-rwx"),
  },
  {
    title: "code that was written over, past its page protection",
    row: "wx",
    act: (victim) => {
      const maps = readFileSync(`/proc/${victim.pid}/maps`, "utf8");
      const start = Number.parseInt(/^([0-9a-f]+)-\S+ r-xp .* \/\S+$/m.exec(maps)?.[1] ?? "", 16);
      const memory = openSync(`/proc/${victim.pid}/mem`, "r+");
      const code = Buffer.alloc(16);
      readSync(memory, code, 0, code.length, start);
      // As it was: nothing but the page tables tells.
      writeSync(memory, code, 0, code.length, start);
      closeSync(memory);
      return () => victim.reset();
    },
  },
  {
    title: "a program from outside the image",
    row: "exec.sealed",
    act: (victim) => joining(victim),
  },
];

async function joining(victim: Victim, ...words: readonly string[]): Promise<() => Promise<void>> {
  const pid = await victim.join(...words);
  return () => victim.end(pid);
}

async function starting(program: string, ...words: readonly string[]): Promise<() => Promise<void>> {
  const child = spawn(program, words, { stdio: "ignore" });
  await once(child, "spawn");
  // Until it has become the program at the end of the line.
  await new Promise((resolve) => setTimeout(resolve, 150));
  return async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
}
