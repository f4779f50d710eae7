/** Names an operator gives: ISCs, snapshots, volumes, services. One grammar for all, so that a name is also a safe file name and cgroup name. */
import { z } from "zod";

/** Lower-case letters, digits and inner hyphens, starting with a letter, at most 32 characters. */
export const namePattern = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

export const nameRule = "1 to 32 lower-case letters, digits and inner hyphens, starting with a letter";

export const Name = z.string().regex(namePattern, `must be ${nameRule}`).brand<"Name">();
export type Name = z.infer<typeof Name>;

export function isName(text: string): text is Name {
  return namePattern.test(text);
}
