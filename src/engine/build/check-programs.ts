/** Whether the image has the programs that `rights.execute` names: a typo would be found only when something is denied. */
import { Problem } from "../../base/problem.ts";
import type { Files } from "../../host/host.ts";
import type { Blueprint } from "../../model/blueprint.ts";
import { lookInside } from "./resolve-inside.ts";

const anyExecuteBit = 0o111;

/** Throws Problem BUILD_FAILED. */
export function checkPrograms(files: Files, root: string, { name, posture }: Blueprint): void {
  const { execute } = posture.rights;
  if (execute === undefined || typeof execute === "string") return;
  const missing = execute.filter((path) => {
    const { status } = lookInside(files, root, path);
    return status?.kind !== "file" || (status.mode & anyExecuteBit) === 0;
  });
  if (missing.length === 0) return;
  throw new Problem(
    "BUILD_FAILED",
    `cannot build ${name}: rights.execute names ${missing.join(" and ")}, which is no program of the image`,
  );
}
