/** policy-test: a policy held against events of the past. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { PolicyTestAnswer } from "../../api/answers.ts";
import { Problem } from "../../base/problem.ts";
import { parseBlueprint } from "../../blueprint/parse-blueprint.ts";
import { rehearse } from "../../engine/respond/rehearse.ts";
import { Event } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import type { ResponseDeclaration } from "../../model/respond.ts";
import { readEvents } from "../../store/ledger/read-events.ts";
import type { Dock } from "../dock.ts";
import { readBlueprint } from "../read-blueprint.ts";
import type { Handlers } from "../server.ts";

const mostEvents = 1_000_000;

interface Question {
  readonly name?: Name | undefined;
  readonly blueprint?: string | undefined;
  readonly events?: string | undefined;
  readonly sinceMs?: number | undefined;
}

export function policyHandlers(dock: Dock): Pick<Handlers, "policy-test"> {
  return {
    "policy-test": async (question): Promise<PolicyTestAnswer> => {
      const { isc, declaration } = await findDeclaration(dock, question);
      const { events: file, sinceMs } = question;
      const events = file === undefined ? await recorded(dock, isc, sinceMs) : await readFile(file, isc, sinceMs);
      return { isc, events: events.length, ...rehearse(dock.config.respond, declaration, events) };
    },
  };
}

async function findDeclaration(
  { engine }: Dock,
  { name, blueprint }: Question,
): Promise<{ readonly isc: Name; readonly declaration: ResponseDeclaration | undefined }> {
  if (blueprint !== undefined) {
    const text = await readBlueprint(blueprint);
    const parsed = parseBlueprint(text, { file: path.basename(blueprint), directory: path.dirname(blueprint) });
    return { isc: name ?? parsed.name, declaration: parsed.posture.respond };
  }
  if (name === undefined) throw new Problem("USAGE", "cannot test a policy: neither an ISC nor a blueprint is named");
  const manifest = await engine.images.open(engine.iscs.get(name).image);
  return { isc: name, declaration: manifest.posture.respond };
}

async function recorded({ ledger }: Dock, isc: Name, sinceMs: number | undefined): Promise<readonly Event[]> {
  const events: Event[] = [];
  await readEvents(ledger.directory, { isc, sinceMs, tail: mostEvents }, (event) => events.push(event));
  return events;
}

/** Of a file that names several ISCs, the one that is meant; where it names only others, all of it, as if it were that one. */
async function readFile(file: string, isc: Name, sinceMs = Number.NEGATIVE_INFINITY): Promise<readonly Event[]> {
  const events: Event[] = [];
  let line = 0;
  try {
    // A named pipe must not hold up the dock.
    if (!(await stat(file)).isFile()) throw new Problem("USAGE", `cannot read events from ${file}: it is not a file`);
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() !== "" && events.length < mostEvents) events.push(...parseLine(text));
    }
  } catch (error) {
    throw error instanceof Problem ? error : unreadable(file, line, error);
  }
  const within = events.filter(({ time }) => Date.parse(time) >= sinceMs);
  const own = within.filter((event) => event.isc === isc);
  return own.length > 0 ? own : within.filter((event) => event.isc !== undefined).map((event) => ({ ...event, isc }));
}

/** The ledger's lines have a hash beside; `events --json` wraps each, and ends with a result. */
function parseLine(text: string): readonly Event[] {
  const value = JSON.parse(text) as { readonly data?: unknown; readonly result?: unknown };
  if (value.result !== undefined) return [];
  const { hash: _hash, previous: _previous, prev: _prev, ...event } = (value.data ?? value) as Record<string, unknown>;
  return [Event.strip().parse(event)];
}

function unreadable(file: string, line: number, cause: unknown): Problem {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : `line ${line} is no event`;
  return new Problem("USAGE", `cannot read events from ${file}: ${reason}`, { cause, hint: "iscadm events --json writes such a file" });
}
