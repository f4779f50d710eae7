/** stack-up, stack-down, stack-diff, stacks, network-test: several ISCs as one thing. */
import { Problem } from "../../base/problem.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

type StackHandlers = Pick<Handlers, "stack-up" | "stack-down" | "stack-diff" | "stacks" | "network-test">;

export function stackHandlers(_dock: Dock): StackHandlers {
  const missing = async (): Promise<never> => {
    throw new Problem("BUG", "stacks are not there yet");
  };
  return { "stack-up": missing, "stack-down": missing, "stack-diff": missing, stacks: missing, "network-test": missing };
}
