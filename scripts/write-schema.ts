/** Writes the schemas in profiles/ anew. Tests compare them with the code. */
import { writeFileSync } from "node:fs";
import { renderBlueprintSchema } from "../src/blueprint/blueprint-schema.ts";
import { renderStackSchema } from "../src/blueprint/stack-schema.ts";

writeFileSync(new URL("../profiles/blueprint.schema.json", import.meta.url), renderBlueprintSchema());
writeFileSync(new URL("../profiles/stack.schema.json", import.meta.url), renderStackSchema());
