/** The shell script that prepares and then becomes a service. Generated text: every word stands in single quotes. */
import type { Service } from "../../model/image.ts";

export interface StartScriptOptions {
  /** Sets environment and directory itself: several services have one process 1, but not one environment. */
  readonly standalone: boolean;
  readonly switchesUser?: boolean;
}

export function renderStartScript(service: Service, options: StartScriptOptions): string {
  const become =
    options.switchesUser === true
      ? ["/usr/bin/s6-applyuidgid", "-u", `${service.uid}`, "-g", `${service.gid}`, "-G", service.groups.join(",")]
      : [];
  const lines = [
    "#!/bin/sh",
    // A step that fails ends the script: the service must not run unprepared.
    "set -e",
    ...(options.standalone ? [`cd ${quote(service.workingDirectory)}`, ...exportLines(service)] : []),
    ...service.prepare.map((step) => quoteAll([...become, ...step])),
    `exec ${quoteAll([...become, ...service.command])}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A shell can only hand on variables with names it could have itself. */
function exportLines(service: Service): readonly string[] {
  return Object.entries(service.environment)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `export ${name}=${quote(value)}`);
}

function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
