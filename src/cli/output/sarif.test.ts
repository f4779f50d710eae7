import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { fakeAssessment } from "../fake-answers.ts";
import { renderSarif } from "./sarif.ts";

const Message = z.strictObject({ text: z.string().min(1) });
const Level = z.enum(["none", "note", "warning", "error"]);
const Rule = z.strictObject({
  id: z.string(),
  shortDescription: Message,
  help: Message,
  defaultConfiguration: z.strictObject({ level: Level }),
});
const Location = z.strictObject({
  logicalLocations: z.array(z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.literal("resource") })).min(1),
});
/** What SARIF 2.1.0 (OASIS, section 3) asks of the properties that are used here; strict, so that no property is misspelt. */
const Sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({ driver: z.strictObject({ name: z.string().min(1), version: z.string(), rules: z.array(Rule) }) }),
        automationDetails: z.strictObject({ id: z.string() }),
        results: z.array(
          z.strictObject({
            ruleId: z.string(),
            ruleIndex: z.number().int().min(0),
            level: Level,
            message: Message,
            locations: z.array(Location),
            partialFingerprints: z.record(z.string(), z.string()),
            properties: z.record(z.string(), z.unknown()),
          }),
        ),
        properties: z.record(z.string(), z.unknown()),
      }),
    )
    .length(1),
});

test("an assessment as SARIF has the properties of SARIF 2.1.0 and no others", () => {
  const { runs } = Sarif.parse(JSON.parse(JSON.stringify(renderSarif(fakeAssessment, "1.2.3"))));
  const [run] = runs;
  assert.ok(run);
  for (const { ruleId, ruleIndex } of run.results) assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
  assert.deepEqual(
    run.results.map(({ level }) => level),
    ["error", "warning", "warning"],
  );
  assert.equal(run.properties.score, 74);
});

test("rule ids are unique within a run, as SARIF wants them", () => {
  const ids = fakeAssessment.items.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});
