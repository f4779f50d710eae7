/** A command written as one line → its words. Quotes and backslashes mean what they mean to sh(1); nothing else does, and no shell is run. */

export type CommandWords = { readonly words: readonly string[] } | { readonly mistake: string };

const piece =
  /(?<space>\s+)|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\\(?<escaped>[\s\S])|(?<plain>[^\s'"\\]+)|(?<stray>[\s\S])/g;
const mostWords = 1024;

/** What a shell would act on, outside and inside double quotes. Taken literally it would surprise, so it must be quoted or given to a shell by name. */
const shellOnly = /[|&;<>$`]/;
const shellOnlyInDoubleQuotes = /[$`]/;

export function parseCommandWords(text: string): CommandWords {
  const words: string[] = [];
  let isInWord = false;
  for (const { groups = {} } of text.matchAll(piece)) {
    const mistake = findPieceMistake(groups);
    if (mistake !== undefined) return { mistake };
    if (groups.space !== undefined) {
      isInWord = false;
      continue;
    }
    const before = isInWord ? words.pop() : "";
    words.push(`${before}${groups.single ?? groups.double?.replaceAll(/\\(["\\$`])/g, "$1") ?? groups.escaped ?? groups.plain}`);
    isInWord = true;
  }
  return { words };
}

function findPieceMistake({ stray, double, plain }: Record<string, string | undefined>): string | undefined {
  if (stray === "\\") return "expected something after the last backslash";
  if (stray !== undefined) return `expected a closing ${stray}`;
  const [sign] =
    (double === undefined ? shellOnly.exec(plain ?? "") : shellOnlyInDoubleQuotes.exec(double.replaceAll(/\\[\s\S]/g, ""))) ?? [];
  return sign === undefined ? undefined : `expected words without ${sign}: no shell reads them; quote it, or write [/bin/sh, -c, "…"]`;
}

/** What is wrong with an argument vector, or undefined. */
export function findCommandMistake(words: readonly string[]): string | undefined {
  const [program = ""] = words;
  if (program === "") return "expected a command";
  if (words.length > mostWords) return `expected at most ${mostWords} words`;
  if (program.startsWith("-")) return `expected a program first, not the option ${program}`;
  return /\s/.test(program) ? "expected the program's name alone as the first word" : undefined;
}
