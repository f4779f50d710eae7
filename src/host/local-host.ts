/** The machine this runs on. */
import { setTimeout as sleep } from "node:timers/promises";
import { startAudit } from "./audit.ts";
import { startExecGate } from "./exec-gate.ts";
import type { Host } from "./host.ts";
import type { Kernel } from "./kernel.ts";
import { createLocalFiles } from "./local-files.ts";
import { createMeasureFile } from "./measure.ts";
import { startNetfilter } from "./netfilter.ts";
import { createProbe } from "./probe.ts";
import { resolveName } from "./resolve-name.ts";
import { resolveNameTtl } from "./resolve-name-ttl.ts";
import { startResolver } from "./resolver/resolver.ts";
import { runCommand } from "./run-command.ts";
import { startCommand } from "./start-command.ts";

export function createLocalHost(kernel: Kernel): Host {
  return {
    files: createLocalFiles(),
    kernel,
    run: runCommand,
    start: startCommand,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: async (ms) => sleep(ms),
    resolveName,
    resolveNameTtl: (name) => resolveNameTtl(name),
    resolver: startResolver,
    probe: createProbe(),
    measure: createMeasureFile(),
    netfilter: startNetfilter,
    execGate: startExecGate,
    audit: startAudit,
  };
}
