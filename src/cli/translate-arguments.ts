/** Forms of the command line that are kept for people's fingers, turned into the one form that the program knows. */

/** @param valueFlags options of exec and global ones that take the next word as their value, e.g. "-u" */
export function translateArguments(words: readonly string[], defaultBlueprint: string, valueFlags: ReadonlySet<string>): string[] {
  const alias = parseAlias2009(words);
  if (alias !== undefined) return ["create", `isc${alias.number}`, defaultBlueprint, ...alias.rest];
  return separateExec(translateHelp(words), valueFlags);
}

/** `help image ls` is `image ls --help`: then help has what only the command's own file knows. */
function translateHelp(words: readonly string[]): readonly string[] {
  return words[0] === "help" ? [...words.slice(1), "--help"] : words;
}

/**
 * Sun's iscadm of 2009: `-c -i -n 2` creates (c) an ISC (i) of number (n) two. Flags may be joined, as getopt(3) allows.
 * Whatever is not just these three is left to the program.
 */
function parseAlias2009(words: readonly string[]): { readonly number: number; readonly rest: readonly string[] } | undefined {
  const short = words.filter((word) => !word.startsWith("--"));
  const given = short.join("").replaceAll("-", "");
  const number = /^[ci]*n(\d{1,4})[ci]*$/.exec(given)?.[1];
  const isAlias = short[0]?.startsWith("-") === true && given.includes("c") && given.includes("i");
  return isAlias && number !== undefined ? { number: Number(number), rest: words.filter((word) => word.startsWith("--")) } : undefined;
}

/** The command's own options must not be taken for ours: `exec web ls -l` becomes `exec web -- ls -l`, and `exec web -t sh` stays ours up to sh. */
function separateExec(words: readonly string[], valueFlags: ReadonlySet<string>): string[] {
  const places = operandPlaces(words, valueFlags);
  const [verb, , program] = places;
  if (verb === undefined || words[verb] !== "exec" || program === undefined) return [...words];
  return [...words.slice(0, program), "--", ...words.slice(program)];
}

/** Positions of the words that are neither options nor their values, up to a `--`. */
function operandPlaces(words: readonly string[], valueFlags: ReadonlySet<string>): number[] {
  const places: number[] = [];
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  for (let place = 0; place < end; place += 1) {
    const word = words[place] ?? "";
    if (valueFlags.has(word) || valueFlags.has(`-${/^-[a-z]+$/.test(word) ? word.at(-1) : ""}`)) place += 1;
    else if (!word.startsWith("-") || word === "-") places.push(place);
  }
  return places;
}
