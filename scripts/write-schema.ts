/** Writes profiles/blueprint.schema.json anew. A test compares it with the code. */
import { writeFileSync } from "node:fs";
import { renderBlueprintSchema } from "../src/blueprint/blueprint-schema.ts";

writeFileSync(new URL("../profiles/blueprint.schema.json", import.meta.url), renderBlueprintSchema());
