/** What a dock that starts has still to do for its stacks. */
import { reasonOf } from "../../base/reason-of.ts";
import type { Engine } from "../engine.ts";
import { converge } from "./converge.ts";
import { finishDown } from "./down.ts";
import { ensureRoutes, removeStrayRoutes } from "./routes.ts";
import { lockOf } from "./up.ts";

/** Before any ISC is started: the ways that their packets need. Throws CommandFailure. */
export async function ensureStackNetworks(engine: Engine): Promise<void> {
  const up = engine.stacks.list().filter(({ desired }) => desired === "up");
  if (up.length > 0) await engine.stackNames.ensure();
  for (const stack of up) await ensureRoutes(engine, stack);
}

/** An `up` or `down` that was broken off is carried on. One that fails is told, and tried again at the next start, or by an `up`. */
export async function resumeStacks(engine: Engine): Promise<void> {
  for (const { name, desired, pending } of engine.stacks.list()) {
    if (!pending) continue;
    try {
      await engine.locks.run(lockOf(name), async () => {
        if (desired === "up") await converge(engine, name, () => undefined);
        else await finishDown(engine, name, () => undefined);
      });
    } catch (error) {
      engine.events.emit({
        sensor: "dock",
        severity: "alert",
        kind: "stack.pending",
        message: `stack ${name} could not be brought ${desired === "up" ? "up" : "down"}: ${reasonOf(error)}`,
        facts: { stack: name, desired, reason: reasonOf(error).slice(0, 1_000) },
      });
    }
  }
  if (engine.stacks.list().length > 0) await removeStrayRoutes(engine);
}
