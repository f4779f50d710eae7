/** Cleanse: a running ISC is replaced by a fresh clone of itself. Whatever somebody has made of the old instance goes with it. */
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { type Replacement, replaceInstance } from "./replace.ts";

/** Resolves when the fresh instance serves; the old one's connections end in the background. Throws as `replaceInstance`. */
export function cleanseIsc(engine: Engine, name: Name): Promise<Replacement> {
  return replaceInstance(engine, { name, why: "cleanse" });
}
