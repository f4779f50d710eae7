/** How the resolver's process is started: in a network namespace, as a user without rights, reading nothing but its own code. Pure. */
import type { LongCommand } from "../host.ts";
import type { ResolverPlace } from "./resolver-options.ts";
import type { ResolverStart } from "./resolver-words.ts";

const mostHeapMb = 128;

export interface ResolverProgram {
  /** Node itself. */
  readonly node: string;
  /** The file to run, and the folder that holds all it imports. */
  readonly file: string;
  readonly root: string;
}

/** Each program becomes the next, so the process that is started is the resolver. */
export function resolverCommand(place: ResolverPlace, program: ResolverProgram, start: ResolverStart): LongCommand {
  return {
    program: "nsenter",
    arguments: [
      `--net=${place.namespacePin}`,
      ...["setpriv", `--reuid=${place.uid}`, `--regid=${place.gid}`, "--clear-groups", "--no-new-privs"],
      ...["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
      // What it has allocated outside the heap is bounded by its own limits.
      ...[program.node, `--max-old-space-size=${mostHeapMb}`, "--max-semi-space-size=2", "--disallow-code-generation-from-strings"],
      // No other file, no program, no thread: should a packet ever lead it astray, Node itself says no as well.
      ...["--permission", `--allow-fs-read=${program.root}`],
      ...[program.file, JSON.stringify(start)],
    ],
    workingDirectory: "/",
    stdio: ["pipe", "pipe", "pipe"],
  };
}
