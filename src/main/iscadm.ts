/** The command iscadm: joins this process's streams, environment and signals to the command line. */
import { fstatSync } from "node:fs";
import { fileURLToPath } from "node:url";
import packageJson from "../../package.json" with { type: "json" };
import type { CliIo, Installation } from "../cli/context.ts";
import { interrupted, runCli } from "../cli/run-cli.ts";

const { env, stdin, stdout, stderr } = process;

const io: CliIo = {
  stdin,
  stdout,
  stderr,
  hasPipedInput,
  environment: env,
  workingDirectory: process.cwd(),
  isRoot: process.geteuid?.() === 0,
  now: Date.now,
};

const installation: Installation = {
  version: packageJson.version,
  dockProgram: pathOf("bin/iscadm-dock"),
  defaultBlueprint: env.ISC_DEFAULT_BLUEPRINT || pathOf("blueprints/nginx/nginx.yaml"),
};

const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // The second one means: do not even say goodbye.
    if (abort.signal.aborted) process.exit(interrupted);
    abort.abort(new Error(`ended by ${name}`));
  });
}

// A reader that has seen enough (iscadm logs web | head) is no error.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), { io, installation, signal: abort.signal });

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** /dev/null and a terminal are character devices, and so is whatever else never ends or never begins. */
function hasPipedInput(): boolean {
  try {
    return !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}
