/** What the rest of the engine asks of the exec gate: whether it holds an ISC, and that an operator's session may pass it. */
import type { ExecGate } from "../../host/exec-gate.ts";
import type { RunningCommand } from "../../host/host.ts";
import type { Name } from "../../model/name.ts";

export class ExecGateState {
  #gate: ExecGate | undefined;
  #missing = "the exec gate was not started";
  readonly #held = new Set<Name>();

  /** @param gate or why there is none */
  setGate(gate: ExecGate | string): void {
    this.#held.clear();
    if (typeof gate === "string") this.#missing = gate;
    this.#gate = typeof gate === "string" ? undefined : gate;
  }

  hold(parts: Name): void {
    this.#held.add(parts);
  }

  release(parts: Name): void {
    this.#held.delete(parts);
  }

  /** @returns true, or why it does not hold the instance of this name (as layout.parts says it) */
  holds(parts: Name): true | string {
    if (!this.#gate) return this.#missing;
    return this.#held.has(parts) || "it was not told of this ISC";
  }

  /** What `start` starts, and all that descends from it, may run every program of the image, until `endSession`. */
  startSession(start: () => RunningCommand): RunningCommand {
    const gate = this.#gate;
    if (!gate) return start();
    gate.expectSession();
    let pid: number | undefined;
    try {
      const running = start();
      pid = running.pid;
      return running;
    } finally {
      gate.addSession(pid);
    }
  }

  endSession(pid: number): void {
    this.#gate?.removeSession(pid);
  }
}
