/** Plans what runs in the built root: services, process 1, and whether the root has the programs for them. */
import type { Host } from "../../host/host.ts";
import type { Blueprint } from "../../model/blueprint.ts";
import { Name } from "../../model/name.ts";
import type { OciImageConfig } from "../../model/oci-image-config.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";
import { type PlannedInit, planInit } from "../../plan/services/plan-init.ts";
import { planServiceFromOci } from "../../plan/services/plan-oci-service.ts";
import { planService } from "../../plan/services/plan-service.ts";
import type { Need, PlannedService } from "../../plan/services/planned-service.ts";
import type { ImageTree } from "./image-tree.ts";
import { readUnitFiles } from "./unit-files.ts";

export interface PlannedRoot {
  readonly services: readonly PlannedService[];
  readonly init: PlannedInit;
  /** What the root lacks of what they need. */
  readonly missing: readonly Need[];
}

export interface PlanRoot {
  readonly host: Host;
  readonly tree: ImageTree;
  readonly blueprint: Blueprint;
  readonly config: OciImageConfig | undefined;
  readonly knowledge: readonly ProgramKnowledge[];
}

const programs: Readonly<Record<Need, readonly string[]>> = { s6: ["/usr/bin/s6-svscan", "/usr/bin/s6-supervise"], shell: ["/bin/sh"] };

/** @throws Problem as planService, planServiceFromOci and planInit do */
export async function planRoot({ host, tree, blueprint, config, knowledge }: PlanRoot): Promise<PlannedRoot> {
  const facts = tree.facts();
  const units = await readUnitFiles(host, tree.root);
  const services = Object.entries(blueprint.services).map(([key, override]) => {
    const name = Name.parse(key);
    if (config !== undefined && override.unit === undefined) return planServiceFromOci({ name, config, override, facts, knowledge });
    return planService({ name, units, override, facts, knowledge });
  });
  const init = planInit(
    services.map((planned) => planned.service),
    blueprint.posture.rights.capabilities,
  );
  const needs = new Set([...services.flatMap((planned) => planned.needs), ...init.needs]);
  const missing = [...needs].filter((need) => programs[need].some((program) => facts.find(program)?.kind !== "file"));
  return { services, init, missing };
}
