/** The blueprint's `cleanse`: how often the running instance is replaced by a fresh one. */
import { z } from "zod";
import type { CleanseRule } from "../model/blueprint.ts";
import { duration } from "./scalars.ts";

export const cleanseForm = z
  .strictObject(
    {
      every: duration(1_000, 30 * 86_400_000, "60s").describe("How long an instance runs before a fresh one takes its place."),
      drain: duration(0, 86_400_000, "30s")
        .prefault("30s")
        .describe("How long connections to the old one may stay open. Idle ones count: they are not told from busy ones."),
    },
    { error: "expected a mapping such as { every: 60s, drain: 30s }" },
  )
  .transform(({ every: everyMs, drain: drainMs }): CleanseRule => ({ everyMs, drainMs }));
