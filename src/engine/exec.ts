/** Runs one more command inside a running ISC, under the same walls as its service: same user, no capability, same filter. */
import { randomBytes } from "node:crypto";
import { Problem } from "../base/problem.ts";
import type { LongCommand, RunningCommand } from "../host/host.ts";
import type { Digest } from "../model/digest.ts";
import { serviceOf } from "../model/instance.ts";
import { slotOfInstance } from "../model/isc.ts";
import type { Name } from "../model/name.ts";
import { describeAdmin } from "../plan/watch/admin-words.ts";
import type { SessionPurpose } from "../plan/watch/audit-words.ts";
import { execArguments } from "../tools/oci-runtime.ts";
import type { Engine } from "./engine.ts";
import { findUser } from "./exec-user.ts";
import { assertFree } from "./lifecycle/quarantine-refusal.ts";
import { findProcess, runtimeFor } from "./parts/process.ts";

export interface ExecRequest {
  readonly name: Name;
  readonly command: readonly string[];
  /** A name of the image's /etc/passwd, or UID, or UID:GID. */
  readonly user?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly workingDirectory?: string | undefined;
  readonly terminal: boolean;
  /** Every program of the image may run in it, whatever `rights.execute` says. Recorded. */
  readonly admin?: boolean | undefined;
  /** For whom, as the record of sessions says it. */
  readonly purpose: SessionPurpose;
  /** As host.start takes them; "ignore", which is /dev/null, would give the host's device to the ISC's user. */
  readonly stdio: readonly (number | "pipe")[];
}

export interface ExecSession {
  readonly running: RunningCommand;
  /** Ends the command inside, not only the runtime that waits for it. Safe to repeat. */
  stop(): void;
  /** Waits for the end and removes what the session needed. 126 and 127 mean, as in a shell, not runnable and not found. */
  finish(): Promise<number>;
}

/** Throws Problem ISC_STOPPED or USAGE. */
export async function startExec(engine: Engine, request: ExecRequest): Promise<ExecSession> {
  const record = engine.iscs.get(serviceOf(request.name));
  assertFree(record, "run a command in");
  const live = findProcess(engine, request.name);
  if (!live)
    throw new Problem("ISC_STOPPED", `cannot run a command in ${request.name}: it is not running`, {
      hint: `iscadm start ${request.name}`,
    });
  const file = `${engine.layout.live.directory(request.name)}/exec-${randomBytes(6).toString("hex")}`;
  const pidFile = `${file}.pid`;
  await engine.host.files.write(`${file}.json`, JSON.stringify(await execProcess(engine, request)));
  const { joining: runtime } = runtimeFor(engine, { name: request.name, slot: slotOfInstance(record, request.name) }, live.runtime);
  const parts = engine.layout.parts(request.name);
  const command: LongCommand = {
    program: runtime.program,
    arguments: execArguments(runtime, parts, { processFile: `${file}.json`, pidFile, terminal: request.terminal }),
    stdio: request.stdio,
    detached: true,
  };
  const running = request.admin ? startAdmin(engine, request, record.image, command) : engine.host.start(command);
  engine.audit.expectSession(running.pid, { ...request.purpose, command: request.command, terminal: request.terminal });
  return {
    running,
    stop: () => killInside(engine, pidFile, running),
    finish: async () => {
      const end = await running.exited;
      if (request.admin) engine.execGate.endSession(running.pid);
      for (const suffix of [".json", ".pid"]) await engine.host.files.remove(`${file}${suffix}`);
      return end.exitCode ?? 137;
    },
  };
}

function startAdmin(engine: Engine, { name, command, user, terminal, purpose }: ExecRequest, image: Digest, long: LongCommand) {
  const gate = engine.execGate.holds(engine.layout.parts(name));
  const asker = "asker" in purpose ? purpose.asker : undefined;
  engine.events.emit(describeAdmin({ isc: name, image, command, user, terminal, asker, gate }));
  return engine.execGate.startSession(() => engine.host.start(long));
}

/** The bundle's own process with other arguments, so that an exec can never have more rights than the service. */
async function execProcess(engine: Engine, request: ExecRequest): Promise<object> {
  const text = await engine.host.files.readText(`${engine.layout.live.bundle(request.name)}/config.json`);
  // Our own file, written at start.
  const { process } = JSON.parse(text) as {
    readonly process: { readonly env: readonly string[]; readonly cwd: string; readonly user: object };
  };
  const extra = Object.entries(request.environment ?? {}).map(([key, value]) => `${key}=${value}`);
  const names = new Set(extra.map((entry) => entry.split("=")[0]));
  const terminalName = request.terminal && !names.has("TERM") ? ["TERM=xterm-256color"] : [];
  return {
    ...process,
    args: request.command,
    terminal: request.terminal,
    env: [...process.env.filter((entry) => !names.has(entry.split("=")[0])), ...terminalName, ...extra],
    cwd: request.workingDirectory ?? process.cwd,
    user: request.user === undefined ? process.user : await findUser(engine, request.name, request.user),
  };
}

function killInside(engine: Engine, pidFile: string, running: RunningCommand): void {
  const pid = Number(engine.host.files.findTextNow(pidFile));
  if (pid > 0) {
    try {
      const descriptor = engine.host.kernel.pidfd.openPidfd(pid);
      engine.host.kernel.pidfd.sendSignal(descriptor, "SIGKILL");
      engine.host.kernel.pidfd.closePidfd(descriptor);
    } catch {
      // It has ended by itself.
    }
  }
  running.kill("SIGTERM");
}
