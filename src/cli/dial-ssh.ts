/** Reaches another machine's dock through the system's ssh, so that the operator's keys, agents and jump hosts work. */
import { type ChildProcess, spawn } from "node:child_process";
import { Duplex, Readable, Writable } from "node:stream";
import type { Dial } from "../api/node-client.ts";
import { Problem } from "../base/problem.ts";

export interface SshDestination {
  readonly destination: string;
  readonly port: number | undefined;
}

/** Keeps the connection quiet and its failures short; everything else is the operator's ssh_config(5). */
export function dialSsh({ destination, port }: SshDestination): Dial {
  const place = port === undefined ? [] : ["-p", String(port)];
  return dialProgram("ssh", [...place, "-T", "--", destination, "iscadm", "dial"], `the dock of ${destination}`);
}

/** Speaks to a dock through a program's standard input and output. Its standard error goes to the operator: ssh asks and complains there. */
export function dialProgram(program: string, programArguments: readonly string[], what: string): Dial {
  return (signal) => {
    signal?.throwIfAborted();
    const child = spawn(program, programArguments, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = waitForEnd(child).then((trouble) => {
      if (trouble !== undefined) throw unreachable(what, `${program} ${trouble}`);
    });
    ended.catch(() => {}); // Told by readToEnd.
    const stream = Duplex.from({
      readable: Readable.from(readToEnd(child.stdout, ended), { objectMode: false }),
      writable: writeTo(child.stdin),
    });
    stream.once("close", () => child.kill());
    return Promise.resolve(stream);
  };
}

/** The program's exit says why it had nothing to say: it must be heard before the end of its output is. */
async function* readToEnd(output: AsyncIterable<Uint8Array>, ended: Promise<void>): AsyncGenerator<Uint8Array> {
  yield* output;
  await ended;
}

/** A program that has ended refuses input; why it ended is the better story, and its exit tells it. */
function writeTo(input: Writable): Writable {
  input.on("error", () => {});
  return new Writable({
    write: (chunk, _, done) => void input.write(chunk, () => done()),
    final: (done) => void input.end(() => done()),
  });
}

function waitForEnd(child: ChildProcess): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  child.once("error", (error) => resolve(`cannot be run: ${error.message}`));
  child.once("exit", (code, signal) => resolve(code === 0 ? undefined : code === null ? `was ended by ${signal}` : `exited with ${code}`));
  return promise;
}

function unreachable(what: string, reason: string): Problem {
  return new Problem("DOCK_UNREACHABLE", `cannot reach ${what}: ${reason}`);
}
