/** What a run of test files comes to. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
