/** Words in a stack file that should name a network, a member or a secret of it, and do not. */
import { didYouMean, renderChoice } from "./explain-issues.ts";
import { type Fault, type Path, renderFound } from "./fault.ts";

export interface PlacedWord {
  readonly word: string;
  readonly path: Path;
}

/** Beyond this, "expected" would list more than anybody reads. */
const mostListed = 8;
// Looking for the word that was meant takes time; the first mistakes are all that is shown.
const mostExplained = 100;

/** @param words in the order of the file */
export function explainUnknownWords(words: readonly PlacedWord[], known: readonly string[], what: string): Fault[] {
  const names = new Set(known);
  const unknown = words.filter(({ word }) => !names.has(word)).slice(0, mostExplained);
  return unknown.map(({ word, path }) => ({ path, at: "value", sentence: `found ${renderFound(word)}, ${explain(word, known, what)}` }));
}

function explain(word: string, known: readonly string[], what: string): string {
  if (known.length === 0) return `which is no ${what} of this stack; none is declared`;
  const near = didYouMean(word, known, "; ");
  const expectation = near === "" && known.length <= mostListed ? `; expected ${renderChoice(known)}` : near;
  return `which is no ${what} of this stack${expectation}`;
}
