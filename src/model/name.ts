/** Names an operator gives: ISCs, snapshots, volumes, services. One grammar for all, so that a name is also a safe file name and cgroup name. */
import { z } from "zod";
import { namePattern, nameRule } from "../base/name-grammar.ts";

export { namePattern, nameRule };

export const Name = z.string().regex(namePattern, `must be ${nameRule}`).brand<"Name">();
export type Name = z.infer<typeof Name>;

export function isName(text: string): text is Name {
  return namePattern.test(text);
}
