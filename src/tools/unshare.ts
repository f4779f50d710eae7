/** Runs programs with fewer rights: as root of another user namespace, without sight of the dock's folders. See nsenter(1), unshare(1), setpriv(1). */
import { CommandFailure } from "../host/command-failure.ts";
import type { Command, CommandResult, Host } from "../host/host.ts";

/** Host ids that stand for 0 to 65,535 inside. */
export interface IdRange {
  readonly hostId: number;
  readonly count: number;
}

export interface Confinement {
  readonly ids: IdRange;
  /**
   * "files": the working directory is seen as `confinedDirectory`, since folders above it may be closed.
   * "closed": besides, no network and no other processes.
   */
  readonly from: "files" | "closed";
}

/** Every system has it, and nothing that is run so needs what may be mounted there. */
export const confinedDirectory = "/mnt";

/** mount(8) must not turn "." into a path: the folders above are closed to the namespace's root. */
const bindScript = `mount --no-canonicalize --rbind . ${confinedDirectory} && cd ${confinedDirectory} && exec "$@"`;

function confinedArguments(userNamespace: string, from: Confinement["from"], command: readonly string[]): readonly string[] {
  const closed = from === "closed" ? ["--pid", "--fork", "--kill-child", "--mount-proc", "--ipc", "--uts", "--net"] : [];
  const bound = ["unshare", "--mount", ...closed, "--", "sh", "-c", bindScript, "sh"];
  // The death signal is set after the change of ids, which would take it away (prctl(2)).
  return [`--user=${userNamespace}`, "--", "setpriv", "--pdeathsig=KILL", "--", ...bound, ...command];
}

/**
 * For unshare: runs a program with all rights, which sees `directory` as `confinedDirectory` too. A container runtime's child that has
 * given up its rights can walk there, but not through the dock's folders.
 */
export function boundArguments(directory: string, command: readonly string[]): readonly string[] {
  return ["--mount", "--", "sh", "-c", `mount --bind -- "$0" ${confinedDirectory} && exec "$@"`, directory, ...command];
}

/** Throws CommandFailure in the name of the command's own program. */
export async function runConfined(host: Host, { ids, from }: Confinement, command: Command): Promise<CommandResult> {
  const map = { insideId: 0, hostId: ids.hostId, count: ids.count };
  return host.kernel.userNamespaces.lend(map, async (fd) => {
    const namespace = `/proc/${process.pid}/fd/${fd}`;
    const confined = confinedArguments(namespace, from, [command.program, ...command.arguments]);
    try {
      return await host.run({ ...command, program: "nsenter", arguments: confined });
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      throw new CommandFailure({ ...error.end, program: command.program, arguments: command.arguments }, { cause: error });
    }
  });
}
