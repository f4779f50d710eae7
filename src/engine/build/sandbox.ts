/** Runs a program of an image that is being built: in the image's tree alone, as nobody on the host, without network. */
import { CommandFailure } from "../../host/command-failure.ts";
import type { Host } from "../../host/host.ts";
import { deleteContainer, ociRuntime } from "../../tools/oci-runtime.ts";
import { boundArguments, confinedDirectory } from "../../tools/unshare.ts";
import type { BuildContext } from "./build-context.ts";
import { renderSandboxConfig } from "./sandbox-config.ts";

const folder = "sandbox";
const installTimeoutMs = 1_800_000;

/** Ids are also cgroup names of the host, where several docks may build. */
function sandboxId(work: string): string {
  return `isc-build-${work.slice(work.lastIndexOf("/") + 1)}`;
}

/** Throws CommandFailure in the name of the program. */
export async function runInSandbox(
  context: BuildContext,
  tree: string,
  command: readonly [string, ...string[]],
  onLine: (line: string) => void,
): Promise<void> {
  const { host, work, signal } = context;
  const place = `${work}/${folder}`;
  const runtime = ociRuntime("runc", place, { cgroupsByDock: false });
  await host.files.makeDirectory(place);
  await host.files.write(`${place}/config.json`, renderSandboxConfig(confinedDirectory, command));
  try {
    await host.run({
      program: "unshare",
      arguments: boundArguments(tree, [runtime.program, ...runtime.globalArguments, "run", "--bundle", place, sandboxId(work)]),
      timeoutMs: installTimeoutMs,
      onLine,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    // The sandbox ends as the program in it did.
    const [program, ...rest] = command;
    throw new CommandFailure({ ...error.end, program, arguments: rest }, { cause: error });
  } finally {
    await removeSandboxes(host, work);
  }
}

/** Ends what a build has left running. Nothing there is no error. */
export async function removeSandboxes(host: Host, work: string): Promise<void> {
  const place = `${work}/${folder}`;
  if (await host.files.find(place)) await deleteContainer(host, ociRuntime("runc", place, { cgroupsByDock: false }), sandboxId(work));
}
