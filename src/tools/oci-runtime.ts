/** crun, runc and runsc: the same verbs, with the few flags in which they differ. See crun(1), runc(8) and gVisor's user guide. */
import type { Host } from "../host/host.ts";

/** runsc waits for its sandbox, which may take seconds. */
const deleteTimeoutMs = 60_000;

const fifoAttempts = 50;

export type RuntimeProgram = "crun" | "runc" | "runsc";

export interface OciRuntime {
  readonly name: RuntimeProgram;
  readonly program: string;
  /** Flags before the verb. */
  readonly globalArguments: readonly string[];
  /** Where it keeps its own state of every container, by id. */
  readonly stateDirectory: string;
}

export const runtimePrograms: Readonly<Record<RuntimeProgram, string>> = {
  crun: "/usr/bin/crun",
  runc: "/usr/sbin/runc",
  runsc: "/usr/bin/runsc",
};

export interface Belonging {
  /** The audit login id of the ISC. */
  readonly loginUid: number;
  /** Files of cgroups that are joined by writing to them. */
  readonly tasks: readonly string[];
}

/**
 * The same runtime, but what it creates or runs has the ISC's login id, and is in these cgroups, from its first moment.
 * @param joiner libexec/as-isc
 */
export function asIsc(runtime: OciRuntime, joiner: string, { loginUid, tasks }: Belonging): OciRuntime {
  const globalArguments = [String(loginUid), ...tasks, "--", runtime.program, ...runtime.globalArguments];
  return { ...runtime, program: joiner, globalArguments };
}

/**
 * runsc, run inside an ISC's network namespace.
 * @param joiner libexec/runsc-in-network
 * @param proc an empty directory on which it may mount
 */
export function inNetwork(runtime: OciRuntime, joiner: string, networkNamespace: string, proc: string): OciRuntime {
  return { ...runtime, program: joiner, globalArguments: [networkNamespace, proc, runtime.program, ...runtime.globalArguments] };
}

/**
 * runc, run inside an ISC's network namespace, which its containers and commands then take over: no bundle may name one. It would join a
 * named one for a command only after the container's user namespace, which has no right to it (join_namespaces in runc's
 * libcontainer/nsenter/nsexec.c; see setns(2)).
 */
export function fromNetwork(runtime: OciRuntime, networkNamespace: string): OciRuntime {
  const globalArguments = [`--net=${networkNamespace}`, "--", runtime.program, ...runtime.globalArguments];
  return { ...runtime, program: "/usr/bin/nsenter", globalArguments };
}

export interface RuntimeOptions {
  /** The runtime leaves cgroups alone: the dock makes them. */
  readonly cgroupsByDock: boolean;
}

/** @param stateRoot below ISC_RUN; each runtime gets a directory of its own in it */
export function ociRuntime(name: RuntimeProgram, stateRoot: string, { cgroupsByDock }: RuntimeOptions): OciRuntime {
  const stateDirectory = `${stateRoot}/${name}`;
  const extra: Readonly<Record<RuntimeProgram, readonly string[]>> = {
    crun: [`--cgroup-manager=${cgroupsByDock ? "disabled" : "cgroupfs"}`],
    runc: [],
    // The sandbox has its own network stack on the veth; systrap and KVM are not in every build, ptrace is.
    runsc: ["--network=sandbox", "--platform=ptrace", "--overlay=false"],
  };
  return { name, program: runtimePrograms[name], globalArguments: [`--root=${stateDirectory}`, ...extra[name]], stateDirectory };
}

export interface ExecOptions {
  /** An OCI process object, as JSON in a file: what runs, as whom, with which rights. */
  readonly processFile: string;
  /** Where the command's own pid is written. */
  readonly pidFile: string;
  readonly terminal: boolean;
}

export function execArguments(runtime: OciRuntime, id: string, options: ExecOptions): readonly string[] {
  const tty = options.terminal && runtime.name !== "runsc" ? ["--tty"] : [];
  return [...runtime.globalArguments, "exec", ...tty, `--pid-file=${options.pidFile}`, `--process=${options.processFile}`, id];
}

function deleteArguments(runtime: OciRuntime, id: string): readonly string[] {
  return [...runtime.globalArguments, "delete", "--force", id];
}

/**
 * Starts what `create` has prepared. Under crun by the very word that `crun start` says, into the FIFO on which the container waits
 * (libcrun_status_write_exec_fifo in crun's src/libcrun/status.c); see decision 0005. Throws CommandFailure.
 */
export async function startContainer(host: Host, runtime: OciRuntime, id: string): Promise<void> {
  if (runtime.name === "crun" && (await saysStart(host, `${runtime.stateDirectory}/${id}/exec.fifo`))) return;
  await host.run({ program: runtime.program, arguments: [...runtime.globalArguments, "start", id] });
}

/** The container may be a moment away from waiting. One that never gets there, or another version's FIFO, is left to crun itself. */
async function saysStart(host: Host, fifo: string): Promise<boolean> {
  for (let attempt = 0; attempt < fifoAttempts && host.files.findNow(fifo); attempt++) {
    if (host.files.writeFifoNow(fifo, "1")) return true;
    await host.sleep(1);
  }
  return false;
}

/** Kills what is left of a container and removes it. Nothing there is no error. Throws CommandFailure. */
export async function deleteContainer(host: Host, runtime: OciRuntime, id: string): Promise<void> {
  if ((await listState(host, runtime, id)).length === 0) return;
  await host.run({ program: runtime.program, arguments: deleteArguments(runtime, id), timeoutMs: deleteTimeoutMs });
  for (const path of await listState(host, runtime, id)) await host.files.remove(path);
}

/** crun and runc keep a directory named after the container, runsc files that begin with its name (ID_sandbox:ID.state, .lock). */
async function listState(host: Host, runtime: OciRuntime, id: string): Promise<readonly string[]> {
  const names = await host.files.findList(runtime.stateDirectory);
  return names.filter((name) => name === id || name.startsWith(`${id}_sandbox:`)).map((name) => `${runtime.stateDirectory}/${name}`);
}
