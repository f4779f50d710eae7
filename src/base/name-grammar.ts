/** The one grammar of every name an operator gives. Apart from model/name.ts so that the command line need not load a schema library. */

/** Lower-case letters, digits and inner hyphens, starting with a letter, at most 32 characters. */
export const namePattern = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

export const nameRule = "1 to 32 lower-case letters, digits and inner hyphens, starting with a letter";

/** A name made of the text's own letters, or undefined when nothing of it can stay. */
export function suggestName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return namePattern.test(name) ? name : undefined;
}
