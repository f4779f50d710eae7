import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { parseStack } from "./parse-stack.ts";
import { stackForm } from "./stack-form.ts";
import { renderStackSchema } from "./stack-schema.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");

interface Entry {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Entry>>;
  readonly additionalProperties?: Entry | boolean;
  readonly anyOf?: readonly Entry[];
  readonly items?: Entry;
}

/** Every key an operator can write, as the page spells it: "iscs.NAME.count", "flows[].from". Those of a blueprint have a page of their own. */
function keysOf(entry: Entry, prefix: string): [string, Entry][] {
  const own = Object.entries(entry.properties ?? {}).flatMap(([key, inner]): [string, Entry][] => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return [[path, inner], ...(key === "blueprint" ? [] : keysOf(inner, path))];
  });
  const free = typeof entry.additionalProperties === "object" ? keysOf(entry.additionalProperties, `${prefix}.NAME`) : [];
  const listed = entry.items === undefined ? [] : keysOf(entry.items, `${prefix}[]`);
  return [...own, ...free, ...listed, ...(entry.anyOf ?? []).flatMap((inner) => keysOf(inner, prefix))];
}

// The schema was made from ours a line ago; only its JSON is looked at.
const keys = keysOf(z.toJSONSchema(stackForm, { io: "input" }) as Entry, "");

test("profiles/stack.schema.json is what scripts/write-schema.ts would write", () => {
  assert.equal(read("profiles/stack.schema.json"), renderStackSchema());
});

test("editors can explain every key, and refuse every other one", () => {
  assert.ok(keys.length > 30);
  for (const [key, { description }] of keys) assert.match(description ?? "", /[.!]$/, key);
  assert.equal(renderStackSchema().match(/"properties"/g)?.length, renderStackSchema().match(/"additionalProperties": false/g)?.length);
});

test("the reference page names every key", () => {
  const page = read("docs/reference/stack.md");
  for (const [key] of keys) assert.ok(page.includes(`\`${key}\``), key);
});

test("the reference page's examples are stacks", () => {
  const examples = [...read("docs/reference/stack.md").matchAll(/^```yaml\n(isc-stack: 1\n[\s\S]*?)^```$/gm)];
  assert.ok(examples.length > 1);
  for (const [, text = ""] of examples) parseStack(text, { file: "docs/reference/stack.md", directory: "/" });
});
