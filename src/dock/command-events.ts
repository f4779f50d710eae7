/** Administrative acts as events: every command that changes something, who asked for it, and how it ended; and every one that was not allowed. */
import { readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import type { OperationName } from "../api/operations.ts";
import type { Problem } from "../base/problem.ts";
import type { PeerCredentials } from "../host/kernel/peer-credentials.ts";
import type { EventDraft } from "../model/event.ts";
import { isName, type Name } from "../model/name.ts";

/** Who was asked by whom for what. The input is already without what may be secret. */
export interface Asked {
  readonly operation: OperationName;
  readonly input: unknown;
  readonly asker: Asker;
}

export interface Asker {
  readonly uid: number;
  readonly pid: number;
  /** Who logged in, whatever they became by su or sudo; absent for what no login began. */
  readonly loginUid?: number;
  readonly program?: string;
}

const mostInput = 500;
/** (uid_t) -1 */
const noLogin = 0xffff_ffff;

/** Best asked for before the command is carried out: the asker may be gone afterwards. */
export function readAsker({ uid, pid }: PeerCredentials): Asker {
  const loginUid = Number(readIfThere(`/proc/${pid}/loginuid`) ?? noLogin);
  const program = programOf(pid);
  return { uid, pid, ...(loginUid === noLogin ? {} : { loginUid }), ...(program === undefined ? {} : { program }) };
}

export function renderCommandEvent({ operation, input, asker }: Asked, problem?: Problem): EventDraft {
  const names = namesOf(input);
  const outcome = problem === undefined ? "done" : problem.code;
  const what = [operation, ...names].join(" ");
  const who = `user ${asker.uid}${asker.loginUid === undefined ? "" : ` (login ${asker.loginUid})`}`;
  const [only, ...others] = names;
  const isRefused = problem?.code === "NOT_ALLOWED";
  return {
    sensor: "dock",
    severity: isRefused ? "warning" : "notice",
    kind: isRefused ? "dock.refused" : "dock.command",
    message: `${who} asked for ${what}: ${problem === undefined ? "done" : problem.message}`,
    ...(only !== undefined && others.length === 0 ? { isc: only } : {}),
    facts: { operation, outcome, ...asker, ...(names.length === 0 ? {} : { names }), input: JSON.stringify(input).slice(0, mostInput) },
  };
}

function namesOf(input: unknown): readonly Name[] {
  if (typeof input !== "object" || input === null) return [];
  const { name, names } = input as { readonly name?: unknown; readonly names?: unknown };
  return [name, ...(Array.isArray(names) ? names : [])].filter((one): one is Name => typeof one === "string" && isName(one));
}

function programOf(pid: number): string | undefined {
  try {
    return path.basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return undefined;
  }
}

/** The asker may have ended by now. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
