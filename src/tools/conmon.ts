/**
 * conmon(8): the small process that stays with a container, keeps its output and writes down how it ended, so that
 * containers outlive the dock. It runs the OCI runtime's `create` and detaches from us.
 */
import type { Host, RunningCommand } from "../host/host.ts";
import type { OciRuntime } from "./oci-runtime.ts";

export interface ConmonOptions {
  readonly id: string;
  readonly runtime: OciRuntime;
  readonly bundle: string;
  readonly logFile: string;
  /** Bytes at which the log starts anew. */
  readonly logSizeLimitBytes: number;
  readonly pidFile: string;
  /** On exit a file named after the id appears here, holding the exit code. */
  readonly exitDirectory: string;
  /** Where its attach socket goes. */
  readonly socketDirectory: string;
}

/** Descriptor on which conmon tells how `create` went, as _OCI_SYNCPIPE. */
const syncDescriptor = 3;
/** Descriptor on which it waits for a byte, as _OCI_STARTPIPE. */
const startDescriptor = 4;

function conmonArguments(options: ConmonOptions): readonly string[] {
  return [
    "--api-version=1",
    // It stays our child and does not fork once more; it outlives us all the same, in a session of its own.
    "--sync",
    "--no-sync-log",
    // A pipe as standard input. Without it conmon hands /dev/null to the runtime, which gives its streams, and so the host's own
    // device, to the container's user.
    "--stdin",
    `--cid=${options.id}`,
    `--cuuid=${options.id}`,
    `--name=${options.id}`,
    `--runtime=${options.runtime.program}`,
    ...options.runtime.globalArguments.map((argument) => `--runtime-arg=${argument}`),
    `--bundle=${options.bundle}`,
    `--container-pidfile=${options.pidFile}`,
    `--log-path=k8s-file:${options.logFile}`,
    `--log-size-max=${options.logSizeLimitBytes}`,
    "--log-level=error",
    `--exit-dir=${options.exitDirectory}`,
    `--socket-dir-path=${options.socketDirectory}`,
  ];
}

export type CreateAnswer = { readonly kind: "created"; readonly pid: number } | { readonly kind: "refused"; readonly message: string };

/** conmon's line on the sync pipe: `{"data": PID}` since API version 1; -1 and a message when `create` failed. */
function parseSyncLine(line: string): { readonly pid: number; readonly message?: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { data, message }: { readonly data?: unknown; readonly message?: unknown } = value;
  if (typeof data !== "number") return undefined;
  return { pid: data, ...(typeof message === "string" && { message: message.trim() }) };
}

/** A conmon that has started and waits for a word before it runs the runtime: its own start-up costs nothing while the bundle is made. */
export interface WaitingConmon {
  readonly pid: number;
  /** Has the container created. It waits in turn, not yet started. */
  create(): Promise<CreateAnswer>;
  /** Ends it without a container. */
  abandon(): void;
}

/** The bundle's directory must be there, its config.json not yet. Throws CommandFailure. */
export function startConmon(host: Host, options: ConmonOptions): WaitingConmon {
  const conmon = host.start({
    program: "/usr/bin/conmon",
    arguments: conmonArguments(options),
    environment: {
      _OCI_SYNCPIPE: String(syncDescriptor),
      _OCI_STARTPIPE: String(startDescriptor),
      XDG_RUNTIME_DIR: options.socketDirectory,
    },
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    // Where it leaves a file named `oom` when the kernel ends something in the container for want of memory.
    workingDirectory: options.socketDirectory,
    detached: true,
  });
  const start = conmon.pipe(startDescriptor);
  // A conmon that ended early is told by its silence on the other pipe.
  start?.on("error", () => undefined);
  return {
    pid: conmon.pid,
    create: async () => {
      start?.end("\0");
      const text = await readFirstLine(conmon.pipe(syncDescriptor));
      const answer = parseSyncLine(text);
      if (answer && answer.pid > 0) return { kind: "created", pid: answer.pid };
      return { kind: "refused", message: answer?.message ?? (text.trim() || "conmon ended without a word") };
    },
    abandon: () => {
      conmon.kill("SIGKILL");
      start?.destroy();
      conmon.pipe(syncDescriptor)?.destroy();
    },
  };
}

/** conmon keeps the pipe open for as long as it lives, so the first whole line must do. */
function readFirstLine(stream: ReturnType<RunningCommand["pipe"]>): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    if (!stream) return resolve(text);
    stream.on("data", (chunk) => {
      text += String(chunk);
      if (!text.includes("\n")) return;
      resolve(text.slice(0, text.indexOf("\n")));
      stream.destroy();
    });
    stream.on("end", () => resolve(text));
    stream.on("error", () => resolve(text));
  });
}
