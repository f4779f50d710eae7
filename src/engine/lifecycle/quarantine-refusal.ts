/** What one in quarantine refuses. */
import { Problem } from "../../base/problem.ts";
import type { IscRecord } from "../../model/isc.ts";

/** Throws Problem ISC_QUARANTINED. @param verb "start": cannot start web */
export function assertFree({ name, quarantine }: IscRecord, verb: string): void {
  if (!quarantine) return;
  throw new Problem("ISC_QUARANTINED", `cannot ${verb} ${name}: it is in quarantine (${quarantine.reason})`, {
    hint: `iscadm release ${name} lets it run on; iscadm reset ${name} starts it afresh`,
  });
}
