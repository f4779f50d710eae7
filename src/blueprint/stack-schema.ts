/** The JSON Schema of a stack file, so that editors complete, check and explain every key. */
import { renderSchema } from "./blueprint-schema.ts";
import { stackForm } from "./stack-form.ts";

/** profiles/stack.schema.json, whole. */
export function renderStackSchema(): string {
  return renderSchema("iscadm stack", stackForm);
}
