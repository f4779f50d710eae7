/** Checks that every folder imports only what the table in .dependency-cruiser.mjs allows, and that the checker really read the code. */

import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";

interface CruiseReport {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: { readonly totalCruised: number; readonly violations: readonly Violation[] };
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly cycle?: readonly { readonly name: string }[];
  readonly rule: { readonly name: string; readonly severity: string };
}

const roots = ["src", "web"].filter((folder) => existsSync(folder));
const report = cruise();
const complaints = [...readComplaints(report), ...borderComplaints(report)];
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;
else console.log(`borders: ${report.summary.totalCruised} modules, no import crosses a border`);

function cruise(): CruiseReport {
  const options = ["--config", ".dependency-cruiser.mjs", "--output-type", "json"];
  const result = spawnSync("node_modules/.bin/depcruise", [...options, ...roots], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  if (result.error !== undefined || result.status !== 0) {
    throw new Error(`cannot check borders: depcruise exited with ${result.status}\n${result.stderr}`, { cause: result.error });
  }
  // The output of a pinned program; its fields are the ones read here.
  return JSON.parse(result.stdout) as CruiseReport;
}

function borderComplaints({ summary }: CruiseReport): string[] {
  return summary.violations.map(({ rule, from, to, cycle }) => {
    const way = [from, ...(cycle?.map(({ name }) => name) ?? [to])];
    return `${rule.severity} ${rule.name}: ${way.join(" → ")}`;
  });
}

/** With a compiler that it does not know, depcruise reads no file and reports success. */
function readComplaints({ modules, summary }: CruiseReport): string[] {
  const sources = globSync(roots.map((folder) => `${folder}/**/*.ts`)).filter((path) => !path.endsWith(".d.ts"));
  const read = new Set(modules.map(({ source }) => source));
  const unread = sources.filter((path) => !read.has(path));
  if (sources.length === 0) return ["error there is no source file to check"];
  if (unread.length === 0 && summary.totalCruised >= sources.length) return [];
  return [
    `error depcruise read only ${sources.length - unread.length} of ${sources.length} source files: ${unread.slice(0, 5).join(", ")}`,
  ];
}
