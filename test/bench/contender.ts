/** Whatever can run the bench's web service: everything that is timed on all of them alike. */
import type { Machine } from "./machine.ts";
import type { ContenderName } from "./measurements.ts";
import type { Endpoint } from "./wait-for-answer.ts";

export interface Contender {
  readonly name: ContenderName;
  readonly machine: Machine;
  /** How many it can run side by side. */
  readonly capacity: number;
  /** Prepares whatever exists before a start: not timed. */
  prepare(index: number): Promise<void>;
  /** From nothing running to running; may resolve before it answers. */
  start(index: number): Promise<void>;
  /** Away with what runs; afterwards `start` may be called again. */
  stop(index: number): Promise<void>;
  /** Away with what runs, and a clean one in its place. */
  replace(index: number): Promise<void>;
  /** Runs a command inside to its end. */
  exec(index: number, command: readonly string[]): Promise<void>;
  /** Lists what runs. */
  list(): Promise<void>;
  endpoint(index: number): Endpoint;
}

/** Ports from 8000, one for each instance. */
export function portOf(index: number): number {
  return 8_000 + index;
}
