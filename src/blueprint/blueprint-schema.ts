/** The JSON Schema of a blueprint's text, so that editors complete, check and explain every key. */
import { z } from "zod";
import { blueprintForm } from "./blueprint-form.ts";

/** profiles/blueprint.schema.json, whole: JSON Schema draft 2020-12. */
export function renderBlueprintSchema(): string {
  const schema = z.toJSONSchema(blueprintForm, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify({ title: "iscadm blueprint", ...schema }, undefined, 2)}\n`;
}
