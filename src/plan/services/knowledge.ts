/** Applies profiles/programs.json: what is known about a program over what its unit says. */
import type { ListenPort } from "../../model/network.ts";
import type { ProgramKnowledge } from "../../model/program-knowledge.ts";

export interface Known {
  readonly entry: ProgramKnowledge;
  /** Replaces $1, $2 by the groups of the pattern that matched. */
  fill(text: string): string;
}

export interface Subject {
  readonly unit?: string | undefined;
  readonly program?: string | undefined;
}

/** The first entry whose every pattern fits. */
export function findKnowledge(programs: readonly ProgramKnowledge[], subject: Subject): Known | undefined {
  for (const entry of programs) {
    const matches = [matchOf(entry.unit, subject.unit), matchOf(entry.program, baseName(subject.program))].filter(
      (match) => match !== undefined,
    );
    if (matches.length === 0 || matches.includes(null)) continue;
    const groups = matches.flatMap((match) => match?.slice(1) ?? []);
    return { entry, fill: (text) => text.replace(/\$([1-9])/g, (_, digit: string) => groups[Number(digit) - 1] ?? "") };
  }
  return undefined;
}

/** undefined when the entry does not ask, null when it asks and the subject does not fit. */
function matchOf(pattern: string | undefined, text: string | undefined): RegExpExecArray | null | undefined {
  if (pattern === undefined) return undefined;
  return text === undefined ? null : new RegExp(`^(?:${pattern})$`).exec(text);
}

function baseName(path: string | undefined): string | undefined {
  return path?.slice(path.lastIndexOf("/") + 1);
}

export function editCommand(known: Known, command: readonly string[], readText: (path: string) => string | undefined): readonly string[] {
  const { entry, fill } = known;
  const [program = "", ...words] = entry.command?.map(fill) ?? command;
  const replaced = words.map((word) => (entry.replace ?? []).reduce((text, { from, to }) => text.replaceAll(from, fill(to)), word));
  const kept = withoutOptions(replaced, entry.dropOptions ?? []);
  const unless = entry.append?.unless;
  const added = unless === undefined || kept.some((word) => word.includes(unless)) ? [] : (entry.append?.arguments.map(fill) ?? []);
  return [program, ...kept, ...added, ...readOptions(entry, readText)];
}

export function parseListen(listen: readonly string[]): readonly ListenPort[] {
  return listen.flatMap((text) => {
    const [port = "", protocol = "tcp"] = text.split("/");
    const number = Number(port);
    if (!/^\d{1,5}$/.test(port) || number < 1 || number > 65_535 || (protocol !== "tcp" && protocol !== "udp")) return [];
    return [{ port: number, protocol }];
  });
}

/** "-u www-data" in two words or one. */
function withoutOptions(words: readonly string[], options: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    const before = words[index - 1];
    return (
      !options.includes(word) &&
      !options.some((option) => word.startsWith(`${option} `)) &&
      !(before !== undefined && options.includes(before))
    );
  });
}

function readOptions(entry: ProgramKnowledge, readText: (path: string) => string | undefined): readonly string[] {
  if (entry.optionsFile === undefined) return [];
  const { path, ignore } = entry.optionsFile;
  return (readText(path) ?? "")
    .split("\n")
    .map((line) => line.replace(/#.*$/, "").trim().split(/\s+/))
    .filter((words) => words[0] !== "" && words[0]?.startsWith("-") === true && !ignore.includes(words[0]))
    .flat();
}
