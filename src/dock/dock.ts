/** What every handler of the dock is given. */
import type { Logger } from "pino";
import type { Engine } from "../engine/engine.ts";
import type { DockConfig } from "../model/dock-config.ts";
import type { ProgramKnowledge } from "../model/program-knowledge.ts";
import type { Ledger } from "../store/ledger/ledger.ts";
import type { DockSettings } from "./settings.ts";

export interface Dock {
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly settings: DockSettings;
  /** dock.yaml */
  readonly config: DockConfig;
  readonly log: Logger;
  /** profiles/programs.json */
  readonly knowledge: readonly ProgramKnowledge[];
  readonly startedAtMs: number;
  readonly version: string;
  /** Ends the daemon once the answer is out; ISCs run on. */
  readonly stop: () => void;
}
