/** The ready blueprints, built into a test's dock. */
import { fileURLToPath } from "node:url";
import type { BuildAnswer } from "../../../src/api/answers.ts";
import type { TestDock } from "./dock.ts";

export function blueprintPath(name: string): string {
  return fileURLToPath(new URL(`../../../blueprints/${name}/${name}.yaml`, import.meta.url));
}

export function buildReady(dock: TestDock, name: string): Promise<BuildAnswer> {
  return dock.client.call("build", { blueprint: blueprintPath(name) });
}
