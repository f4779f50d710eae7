/** What every command is given: the streams it talks through, the global flags, and a dock to ask. */
import type { DockClient } from "../api/node-client.ts";
import type { Palette } from "./output/palette.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** The process around the command, given so that tests can be it. */
export interface CliIo {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** False when nothing will ever come: a terminal at rest, /dev/null. Asked only by commands that would forward input. */
  readonly hasPipedInput: () => boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly isRoot: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Where this copy of iscadm keeps what it needs beside its code. */
export interface Installation {
  readonly version: string;
  /** The launcher that starts a dock. */
  readonly dockProgram: string;
  /** What the alias of 2009 creates from: ISC_DEFAULT_BLUEPRINT, else the nginx blueprint that ships with iscadm. */
  readonly defaultBlueprint: string;
}

export interface GlobalFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly dock: string | undefined;
  /** Whether a root user's command may start the dock when none answers. */
  readonly mayStartDock: boolean;
}

export interface CliContext {
  readonly io: CliIo;
  readonly flags: GlobalFlags;
  readonly palette: Palette;
  readonly installation: Installation;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Starts the dock, where that is allowed, when it is asked and absent. */
  readonly dock: DockClient;
  /** Never starts one. */
  readonly runningDock: DockClient;
}
