/** Words of a unit's setting: split at blanks, with systemd's quotes and C-like escapes (systemd.syntax(7), "Quoting"). */
import { Problem } from "../../base/problem.ts";

export interface Word {
  /** As written, quotes and escapes included. */
  readonly raw: string;
  readonly text: string;
}

const blanks = " \t\n\r";
const letters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};
const numbered = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/;

/** @throws Problem SERVICE_UNUSABLE when a quote is never closed */
export function splitWords(text: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    if (blanks.includes(text.charAt(at))) {
      at += 1;
      continue;
    }
    const word = readWord(text, at);
    words.push(word);
    at += word.raw.length;
  }
  return words;
}

export function wordsOf(text: string): readonly string[] {
  return splitWords(text).map((word) => word.text);
}

/** Quotes may open anywhere in a word, and escapes count inside both kinds. */
function readWord(text: string, start: number): Word {
  let quote = "";
  let value = "";
  let at = start;
  for (; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === "\\") {
      const escaped = readEscape(text.slice(at + 1));
      value += escaped.value;
      at += escaped.length;
    } else if (quote !== "" && letter === quote) quote = "";
    else if (quote !== "") value += letter;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (blanks.includes(letter)) break;
    else value += letter;
  }
  if (quote !== "") throw new Problem("SERVICE_UNUSABLE", `cannot read ${text.slice(start)}: a ${quote} is never closed`);
  return { raw: text.slice(start, at), text: value };
}

/** An escape that systemd does not know stays as it is, backslash included. */
function readEscape(rest: string): { readonly value: string; readonly length: number } {
  const simple = letters[rest.charAt(0)];
  if (simple !== undefined) return { value: simple, length: 1 };
  const match = numbered.exec(rest);
  if (!match) return { value: "\\", length: 0 };
  const [whole, byte, short, long, octal] = match;
  const code = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? "", 16) : Number.parseInt(octal, 8);
  if (code === 0 || code > 0x10ffff || (octal !== undefined && code > 255)) return { value: "\\", length: 0 };
  return { value: String.fromCodePoint(code), length: whole.length };
}
