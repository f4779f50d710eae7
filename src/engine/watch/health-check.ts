/** One health check, as a blueprint declares it. Network checks are made from the host's side of the link, commands run inside. */
import { reasonOf } from "../../base/reason-of.ts";
import type { Health } from "../../model/blueprint.ts";
import { type IscRecord, identityOf } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { startExec } from "../exec.ts";

/** @returns undefined when it went well, else what went wrong */
export async function checkHealth(engine: Engine, record: Pick<IscRecord, "name" | "slot">, health: Health): Promise<string | undefined> {
  const { probe } = engine.host;
  const { address } = identityOf(engine.dock, record);
  switch (health.kind) {
    case "tcp":
      return probe.tcp({ address, port: health.port, timeoutMs: health.timeoutMs });
    case "http":
      return probe.http({ address, port: health.port, timeoutMs: health.timeoutMs, path: health.path, host: address });
    case "command":
      return runInside(engine, record.name, health);
    default:
      return health satisfies never;
  }
}

/** What a check does, in words. */
export function describeHealth(health: Health): string {
  switch (health.kind) {
    case "tcp":
      return `tcp :${health.port}`;
    case "http":
      return `http :${health.port}${health.path}`;
    case "command":
      return `command ${health.command.join(" ")}`;
    default:
      return health satisfies never;
  }
}

async function runInside(engine: Engine, name: Name, { command, timeoutMs }: Health & { kind: "command" }): Promise<string | undefined> {
  let late = false;
  try {
    const session = await startExec(engine, {
      name,
      command,
      terminal: false,
      purpose: { session: "health" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const timer = setTimeout(() => {
      late = true;
      session.stop();
    }, timeoutMs);
    session.running.stdin?.on("error", () => undefined);
    session.running.stdin?.end();
    // What it says is nobody's; unread, a full pipe would hold it up.
    for (const stream of [session.running.stdout, session.running.stderr]) stream?.on("error", () => undefined).resume();
    const exitCode = await session.finish();
    clearTimeout(timer);
    if (late) return `not done within ${timeoutMs} ms`;
    return exitCode === 0 ? undefined : `exit code ${exitCode}`;
  } catch (error) {
    return reasonOf(error);
  }
}
