/** Exec lines of a service unit: prefixes, words, specifiers and variables (systemd.service(5), "Command lines"). */
import { Problem } from "../../base/problem.ts";
import type { Environment } from "./environment.ts";
import { expandSpecifiers, type UnitName } from "./unit-name.ts";
import { splitWords, type Word, wordsOf } from "./unit-words.ts";

export interface CommandLine {
  readonly command: readonly string[];
  /** `-`: a failure does not count. */
  readonly ignoresFailure: boolean;
  /** `+`, `!` or `!!`: wanted to run with more rights than the service. An ISC has none to give. */
  readonly wantsPrivileges: boolean;
}

/** A setting may hold several commands, apart by a word that is just `;`. */
export function expandCommandLine(line: string, unit: UnitName, environment: Environment): readonly CommandLine[] {
  const commands: Word[][] = [[]];
  for (const word of splitWords(line)) {
    if (word.raw === ";") commands.push([]);
    else commands.at(-1)?.push(word.raw === "\\;" ? { ...word, text: ";" } : word);
  }
  return commands.filter((words) => words.length > 0).map((words) => expandCommand(words, unit, environment));
}

function expandCommand(words: readonly Word[], unit: UnitName, environment: Environment): CommandLine {
  const texts = words.map((word) => expandSpecifiers(word.text, unit));
  const [, prefixes = "", program = ""] = /^([-@:+!|]*)(.*)$/s.exec(texts[0] ?? "") ?? [];
  if (program === "") throw new Problem("SERVICE_UNUSABLE", `cannot run a command of ${unit.full}: it names no program`);
  // `@` gives the program another argv[0]; the OCI runtime has one word for both, so the program's path stays.
  const given = texts.slice(prefixes.includes("@") ? 2 : 1);
  const rest = prefixes.includes(":") ? given : given.flatMap((word) => expandVariables(word, environment));
  const command = [program, ...rest];
  if (command.some((word) => word.includes("\0")))
    throw new Problem("SERVICE_UNUSABLE", `cannot run ${program}: an argument holds a NUL byte`);
  return { command, ignoresFailure: prefixes.includes("-"), wantsPrivileges: /[+!]/.test(prefixes) };
}

/** `$NAME` alone becomes any number of words; `${NAME}` stands for itself inside a word; `$$` is a dollar sign. */
function expandVariables(word: string, environment: Environment): readonly string[] {
  const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word);
  if (whole) return wordsOf(valueIn(environment, whole[1] ?? ""));
  return [
    word.replace(/\$(?:\$|\{([^}]*)\})/g, (match, name: string | undefined) => (match === "$$" ? "$" : valueIn(environment, name ?? ""))),
  ];
}

function valueIn(environment: Environment, name: string): string {
  return Object.hasOwn(environment, name) ? (environment[name] ?? "") : "";
}
