/** An assessment as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), for whatever gathers results of scanners. */
import type { Assessment, AssessmentItem } from "../../model/assessment.ts";

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** From this many points on a result is an error, or a warning. */
const errorPoints = 10;
const warningPoints = 3;

/** @param version of iscadm */
export function renderSarif({ isc, score, items, measures }: Assessment, version: string): object {
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "iscadm assess", version, rules: items.map(renderRule) } },
        automationDetails: { id: `iscadm/${isc}/` },
        results: items.map((item, index) => renderResult(isc, item, index)),
        properties: { score, measures },
      },
    ],
  };
}

function renderRule({ id, points, mend }: AssessmentItem): object {
  return {
    id,
    shortDescription: { text: id },
    help: { text: mend },
    defaultConfiguration: { level: levelOf(points) },
  };
}

function renderResult(isc: string, { id, points, evidence, mend }: AssessmentItem, ruleIndex: number): object {
  return {
    ruleId: id,
    ruleIndex,
    level: levelOf(points),
    message: { text: `${evidence}. To mend it: ${mend}.` },
    locations: [{ logicalLocations: [{ name: isc, fullyQualifiedName: `isc/${isc}`, kind: "resource" }] }],
    // The same finding of the same ISC is the same alert at the next run, whatever its numbers are by then.
    partialFingerprints: { "iscadm/v1": `${isc}/${id}` },
    properties: { points },
  };
}

function levelOf(points: number): "error" | "warning" | "note" {
  if (points >= errorPoints) return "error";
  return points >= warningPoints ? "warning" : "note";
}
