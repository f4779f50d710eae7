/** What a row of health checks says: an ISC is well until so many checks in a row have failed, and ill until one succeeds. */

export interface HealthState {
  readonly well: boolean;
  /** Checks that failed in a row. */
  readonly failures: number;
  /** What went wrong last; absent after a check that went well. */
  readonly fault?: string;
  /** Milliseconds since the epoch, of the last check. */
  readonly checkedAtMs: number;
}

export interface HealthStep {
  readonly state: HealthState;
  /** Only where the verdict is another one than before. */
  readonly change?: "failed" | "passed";
}

/** @param fault what went wrong, undefined when the check went well; @param allowed how many failures in a row make it ill */
export function advanceHealth(before: HealthState | undefined, fault: string | undefined, atMs: number, allowed: number): HealthStep {
  const wasWell = before?.well ?? true;
  if (fault === undefined) {
    return { state: { well: true, failures: 0, checkedAtMs: atMs }, ...(wasWell ? {} : { change: "passed" as const }) };
  }
  const failures = (before?.failures ?? 0) + 1;
  const well = wasWell && failures < allowed;
  return { state: { well, failures, fault, checkedAtMs: atMs }, ...(wasWell && !well ? { change: "failed" as const } : {}) };
}
