import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedLock } from "../../base/keyed-lock.ts";
import { parseDockIdentity } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import type { StackRecord } from "../../model/stack.ts";
import type { Engine } from "../engine.ts";
import { type StackRequest, upStack } from "./up.ts";

test("stacks that are brought up at the same time choose different networks", async () => {
  const saved = new Map<Name, StackRecord>();
  const engine = fakeEngine(saved);
  const names = ["shop", "blog", "wiki"] as Name[];
  await Promise.allSettled(names.map((name) => upStack(engine, requestOf(name), () => undefined)));
  assert.deepEqual([...saved.keys()], names);
  const ranges = [...saved.values()].flatMap(({ networks }) => Object.values(networks));
  assert.equal(new Set(ranges.map(({ subnet }) => subnet)).size, 3);
  assert.equal(new Set(ranges.map(({ prefix6 }) => prefix6)).size, 3);
});

function requestOf(name: Name): StackRequest {
  return {
    stack: { name, networks: { main: {} }, members: {}, flows: [], secrets: {} } as unknown as StackRequest["stack"],
    images: new Map(),
    secrets: new Map(),
    file: `/srv/${name}.yaml`,
  };
}

/** A machine without routes, on which nothing can be made: all that happens is what is checked and written down before. */
function fakeEngine(saved: Map<Name, StackRecord>): Engine {
  const run = ({ arguments: words }: { readonly arguments: readonly string[] }) =>
    words.includes("-batch") ? Promise.reject(new Error("no routes here")) : Promise.resolve({ stdout: "[]" });
  return {
    dock: parseDockIdentity("0b12", "10.201.0.0/16"),
    locks: new KeyedLock(),
    host: { run, now: () => 0 },
    iscs: { list: () => [] },
    stacks: {
      assertWhole: () => undefined,
      find: (name: Name) => saved.get(name),
      get: (name: Name) => saved.get(name),
      list: () => [...saved.values()],
      save: async (record: StackRecord) => void saved.set(record.name, record),
    },
  } as unknown as Engine;
}
