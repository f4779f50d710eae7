/** One way to break one promise on purpose. */
import type { ContractRow } from "../../../src/model/finding.ts";
import type { Victim } from "./victim.ts";

export interface Breakage {
  /** Ends the sentence "verify sees …". */
  readonly title: string;
  readonly row: ContractRow;
  /** Rows that the same act breaks as well, by the nature of the thing. */
  readonly also?: readonly ContractRow[];
  /** Breaks it, and answers how to repair it. */
  readonly act: (victim: Victim) => Repair | Promise<Repair>;
}

export type Repair = () => void | Promise<void>;
