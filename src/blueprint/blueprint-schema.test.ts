import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { blueprintForm } from "./blueprint-form.ts";
import { renderBlueprintSchema } from "./blueprint-schema.ts";
import { parseBlueprint } from "./parse-blueprint.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");

interface Entry {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Entry>>;
  readonly additionalProperties?: Entry | boolean;
  readonly anyOf?: readonly Entry[];
  readonly items?: Entry;
}

/** Every key an operator can write, as "limits.memory" or "services.*.user". */
function keysOf(entry: Entry, prefix = ""): [string, Entry][] {
  const own = Object.entries(entry.properties ?? {}).flatMap(([key, inner]): [string, Entry][] => [
    [prefix + key, inner],
    ...keysOf(inner, `${prefix}${key}.`),
  ]);
  const free = typeof entry.additionalProperties === "object" ? keysOf(entry.additionalProperties, `${prefix}*.`) : [];
  return [...own, ...free, ...(entry.anyOf ?? []).flatMap((inner) => keysOf(inner, prefix))];
}

// The schema was made from ours a line ago; only its JSON is looked at.
const keys = keysOf(z.toJSONSchema(blueprintForm, { io: "input" }) as Entry);

test("profiles/blueprint.schema.json is what scripts/write-schema.ts would write", () => {
  assert.equal(read("profiles/blueprint.schema.json"), renderBlueprintSchema());
});

test("editors can explain every key, and refuse every other one", () => {
  assert.ok(keys.length > 45);
  for (const [key, { description }] of keys) assert.match(description ?? "", /[.!]$/, key);
  assert.equal(
    renderBlueprintSchema().match(/"properties"/g)?.length,
    renderBlueprintSchema().match(/"additionalProperties": false/g)?.length,
  );
});

test("the reference page names every key", () => {
  const page = read("docs/reference/blueprint.md");
  for (const [key] of keys) assert.ok(page.includes(`\`${key.replaceAll("*.", "NAME.").replace("files.NAME", "files.PATH")}\``), key);
});

test("the reference page's examples are blueprints", () => {
  const examples = [...read("docs/reference/blueprint.md").matchAll(/^```yaml\n(isc: 1\n[\s\S]*?)^```$/gm)];
  assert.ok(examples.length > 0);
  for (const [, text = ""] of examples) parseBlueprint(text, { file: "docs/reference/blueprint.md", directory: "/" });
});

test("every ready blueprint is valid, explains itself in three lines, and has its files beside it", () => {
  const files = globSync("blueprints/*/*.yaml", { cwd: root }).sort();
  assert.deepEqual(
    files.map((file) => basename(file, ".yaml")),
    ["apache2", "app-python", "memcached", "nginx", "postgresql", "redis", "static"],
  );
  for (const file of files) {
    const text = read(file);
    const blueprint = parseBlueprint(text, { file, directory: `${root}${dirname(file)}` });
    assert.match(text, /^(?:# .+\n){3}isc: 1\n/, file);
    for (const { source } of blueprint.files) assert.ok(source === undefined || globSync(source).length === 1, source);
  }
});
