/** Environment variables of a unit: EnvironmentFile= texts and Environment= words, as systemd.exec(5) reads them. */
import { wordsOf } from "./unit-words.ts";

export type Environment = Readonly<Record<string, string>>;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** One assignment a line: name, then pieces that are bare, in single or in double quotes and may go on over line ends. */
export function parseEnvironmentFile(text: string): Environment {
  const found: [string, string][] = [];
  const source = text.replaceAll("\r\n", "\n");
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    const match = matchAt(pattern, source, at);
    at += match?.[0].length ?? 0;
    return match?.[1];
  };
  while (at < source.length) {
    take(blankLines);
    if (take(comment) !== undefined) continue;
    const name = take(beforeEquals)?.trim() ?? "";
    if (source.charAt(at) !== "=") {
      at += 1;
      continue;
    }
    at += 1;
    const value = readValue(take);
    if (namePattern.test(name)) found.push([name, value]);
  }
  return Object.fromEntries(found);
}

/** `VAR=value` words; a word that is no assignment is passed over. */
export function parseEnvironmentWords(value: string): Environment {
  const pairs = wordsOf(value).map((word) => [word.slice(0, Math.max(0, word.indexOf("="))), word.slice(word.indexOf("=") + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => namePattern.test(name)));
}

const blankLines = /([ \t\n]*)/y;
const comment = /([#;](?:\\[\s\S]|[^\\\n])*\\?\n?)/y;
const beforeEquals = /([^=\n]*)/y;
/** Blanks before a piece are not part of it. */
const quotedSingle = /[ \t]*'([^']*)'?/y;
const quotedDouble = /[ \t]*"((?:\\[\s\S]|[^"\\])*)(?:"|\\?$)/y;
const bareTail = /[ \t]*((?:\\[\s\S]|[^\\\n])*)\\?\n?/y;

function readValue(take: (pattern: RegExp) => string | undefined): string {
  let value = "";
  for (;;) {
    const single = take(quotedSingle);
    const double = single === undefined ? take(quotedDouble) : undefined;
    if (single === undefined && double === undefined) return value + unescapeBare(take(bareTail) ?? "");
    value += single ?? unescapeDouble(double ?? "");
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** In double quotes a backslash counts before `"`, `\`, a backquote, `$` and the line end only. */
function unescapeDouble(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, letter: string) => (letter === "\n" ? "" : '"\\`$'.includes(letter) ? letter : whole));
}

/** Blanks at the end belong to the value only when escaped. */
function unescapeBare(text: string): string {
  const trimmed = text.replace(/(?<!\\)[ \t]+$/, "");
  return trimmed.replace(/\\([\s\S])/g, (_, letter: string) => (letter === "\n" ? "" : letter));
}
