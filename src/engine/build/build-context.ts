/** What every step of a build is given, and how a step is told of and fails. */
import { isProblem, Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { Host } from "../../host/host.ts";
import type { ReadTree } from "../../host/tree.ts";
import type { Blueprint } from "../../model/blueprint.ts";
import type { Layout } from "../../model/layout.ts";
import type { ReportProgress } from "../../model/progress.ts";

export interface BuildContext {
  readonly host: Host;
  readonly layout: Layout;
  readonly blueprint: Blueprint;
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
  /** Nothing is taken from the caches, and package lists are fetched anew. */
  readonly noCache: boolean;
  readonly readTree: ReadTree;
  /** Hears of each cached layer that the build rests on. */
  readonly onLayer?: (key: string) => void;
  /** This build's own folder below `layout.temporary`. */
  readonly work: string;
}

export interface StepEnd {
  readonly cached?: boolean;
  readonly text?: string;
}

const steps = ["base", "packages", "slim", "files", "services", "pack", "seal"] as const;
export type StepName = (typeof steps)[number];

/** Tells when the step begins and ends; what it throws becomes a Problem that names the step. */
export async function runStep<T>(
  context: BuildContext,
  step: StepName,
  text: string,
  work: (end: (how: StepEnd) => void) => Promise<T>,
): Promise<T> {
  const { host, report, signal } = context;
  const place = { step, index: steps.indexOf(step) + 1, total: steps.length };
  const startMs = host.monotonic();
  let how: StepEnd = {};
  try {
    signal?.throwIfAborted();
    report({ ...place, text });
    const result = await work((end) => {
      how = end;
    });
    signal?.throwIfAborted();
    report({ ...place, text: how.text ?? text, tookMs: Math.round(host.monotonic() - startMs), ...(how.cached ? { cached: true } : {}) });
    return result;
  } catch (error) {
    throw stepProblem(context, step, error);
  }
}

/** Codes that already say all there is to say: the blueprint asks for what cannot be. */
const passed = new Set([
  "SERVICE_UNKNOWN",
  "SERVICE_UNUSABLE",
  "SERVICES_DIFFER_IN_USER",
  "USER_UNKNOWN",
  "DISK_FULL",
  "PROGRAM_MISSING",
  "STATE_DAMAGED",
  "SOURCE_REFUSED",
]);
const noSpace = /ENOSPC|no space left on device|disk quota exceeded/i;

/** Whether a program's or the kernel's words say that the disk is full. */
export function isFullDisk(error: unknown): boolean {
  const lines = [reasonOf(error), ...(isProblem(error) ? error.details : [])];
  return lines.some((line) => noSpace.test(line));
}

function stepProblem({ blueprint, signal, layout }: BuildContext, step: StepName, error: unknown): Problem {
  const message = reasonOf(error);
  const details = isProblem(error) ? error.details : [];
  if (signal?.aborted)
    return new Problem("BUILD_FAILED", `cannot build ${blueprint.name}: it was stopped in step ${step}`, { cause: error });
  const code = step === "pack" || step === "seal" ? "SEAL_FAILED" : "BUILD_FAILED";
  const verb = code === "SEAL_FAILED" ? "seal" : "build";
  if (isFullDisk(error)) {
    return new Problem("DISK_FULL", `cannot ${verb} ${blueprint.name}: no space left on the file system of ${layout.root}`, {
      hint: "free some space, for example with iscadm image prune; nothing of this build was kept",
      cause: error,
    });
  }
  if (isProblem(error) && passed.has(error.code)) return error;
  const hint = isProblem(error) ? error.hint : undefined;
  // apt's own sentence, which names the package.
  const reason = details.find((line) => line.startsWith("E: "))?.slice("E: ".length);
  return new Problem(code, `cannot ${verb} ${blueprint.name}: step ${step}: ${message}${reason === undefined ? "" : `: ${reason}`}`, {
    details,
    hint,
    cause: error,
  });
}
