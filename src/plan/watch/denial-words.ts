/** A program that did not run, as an event. */
import { basename } from "node:path";
import type { Digest } from "../../model/digest.ts";
import type { EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";

/** As the exec gate tells it. */
export interface Denied {
  readonly isc: Name;
  readonly image: Digest | undefined;
  readonly reason: "foreign" | "unlisted" | "changed" | "not-named" | "not-now" | "loaded";
  readonly path: string;
  readonly pid: number;
  readonly program: string;
  readonly parentPid: number;
  readonly parent: string;
  readonly uid: number;
  readonly arguments: readonly string[];
}

const words: Readonly<Record<Denied["reason"], string>> = {
  foreign: "it is no file of the sealed image",
  unlisted: "the sealed image's list has no such program",
  changed: "its content is not what was sealed",
  "not-named": "rights.execute does not name it",
  "not-now": "rights.execute leaves it to the start of the services",
  loaded: "rights.execute does not name it, and a loader that runs as a program may not load it",
};

const shells = new Set(["ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "zsh"]);
const mostCommandLetters = 1_000;

export function describeDenial(denied: Denied, count: number): EventDraft {
  const { isc, image, reason, path, pid, program, parentPid, parent, uid } = denied;
  const times = count > 1 ? ` ${count} times more` : "";
  const command = shorten(denied.arguments);
  return {
    sensor: "exec",
    severity: reason === "changed" ? "critical" : "alert",
    kind: "exec.denied",
    message: `${basename(program)} (user ${uid}) was not allowed to run ${path}${times}: ${words[reason]}`,
    isc,
    ...(image && { image }),
    facts: { path, reason, pid, program, parentPid, parent, uid, command, ...(count > 1 && { count }) },
    technique: techniqueOf(denied),
  };
}

/** T1620 reflective code loading · T1105 ingress tool transfer · T1554 compromised host software · T1059 command and script interpreter */
function techniqueOf({ reason, path }: Denied): string {
  if (reason === "loaded") return "T1620";
  if (reason === "changed") return "T1554";
  if (reason === "foreign" || reason === "unlisted") return "T1105";
  return shells.has(basename(path)) ? "T1059.004" : "T1059";
}

function shorten(command: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let left = mostCommandLetters;
  for (const word of command) {
    if (left <= 0) break;
    kept.push(word.slice(0, left));
    left -= word.length;
  }
  return kept;
}
