/** stack-up, stack-down, stack-diff, stacks, network-test: several ISCs as one thing. */

import { downStack } from "../../engine/stack/down.ts";
import { testStack } from "../../engine/stack/network-test.ts";
import { diffStackFile, upStack } from "../../engine/stack/up.ts";
import { viewStacks } from "../../engine/stack/view.ts";
import type { Dock } from "../dock.ts";
import { readStack } from "../read-stack.ts";
import type { Handlers } from "../server.ts";

type StackHandlers = Pick<Handlers, "stack-up" | "stack-down" | "stack-diff" | "stacks" | "network-test">;

export function stackHandlers(dock: Dock): StackHandlers {
  const { engine } = dock;
  const { monotonic } = engine.host;
  return {
    "stack-up": async ({ file, secrets = {}, noCache }, caller) => {
      const began = monotonic();
      const request = await readStack(dock, { file, given: secrets, noCache }, caller);
      try {
        const steps = await upStack(engine, request, caller.progress.bind(caller));
        return { stack: request.stack.name, status: "up", steps, tookMs: Math.round(monotonic() - began) };
      } finally {
        for (const bytes of request.secrets.values()) bytes.fill(0);
      }
    },
    "stack-down": async ({ stack, volumes }, caller) => {
      const began = monotonic();
      const { status, steps } = await downStack(engine, stack, volumes ?? false, caller.progress.bind(caller));
      return { stack, status, steps, tookMs: Math.round(monotonic() - began) };
    },
    "stack-diff": async ({ file }, caller) => {
      const request = await readStack(dock, { file, given: {} }, caller);
      return { stack: request.stack.name, steps: await diffStackFile(engine, request) };
    },
    stacks: async () => ({ stacks: await viewStacks(engine) }),
    "network-test": async ({ stack }, caller) => {
      const began = monotonic();
      caller.progress({ step: "test", text: stack });
      return { stack, probes: await testStack(engine, stack), tookMs: Math.round(monotonic() - began) };
    },
  };
}
