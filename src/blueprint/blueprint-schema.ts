/** The JSON Schema of a blueprint's text, so that editors complete, check and explain every key. */
import { z } from "zod";
import { blueprintForm } from "./blueprint-form.ts";

const lineWidth = 140;

/** profiles/blueprint.schema.json, whole. */
export function renderBlueprintSchema(): string {
  return renderSchema("iscadm blueprint", blueprintForm);
}

/** JSON Schema draft 2020-12, laid out as the formatter would. */
export function renderSchema(title: string, form: z.ZodType): string {
  const schema = z.toJSONSchema(form, { io: "input", target: "draft-2020-12" });
  const text = JSON.stringify({ title, ...schema }, undefined, 2);
  return `${text.replaceAll(/^(.*)\[\n([^[\]{}]*?)\n *\](,?)$/gm, (whole, start: string, items: string, comma: string) => {
    const line = `${start}[${items.trim().replaceAll(/\n\s*/g, " ")}]${comma}`;
    return line.length <= lineWidth ? line : whole;
  })}\n`;
}
