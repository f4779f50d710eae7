/** What is known about well-known server programs: how they stay in the foreground, as whom they run without privileges, what they write to. Data: profiles/programs.json. */
import { z } from "zod";

const Pattern = z.string().refine(isPattern, "must be a regular expression");

/** All patterns are anchored at both ends. Strings may use `$1`, `$2` (groups of the pattern that matched). */
export const ProgramKnowledge = z.strictObject({
  /** Matches the base name of the program that the unit or image starts. */
  program: Pattern.optional(),
  /** Matches the unit's file name; for units that start something else than the program itself. */
  unit: Pattern.optional(),
  /** Run as the first of these that the image has, where the unit names no user. */
  users: z.array(z.string()).readonly().optional(),
  /** Replaces the unit's command. */
  command: z.array(z.string()).min(1).readonly().optional(),
  /** Edits of the unit's arguments, made in this order. */
  replace: z
    .array(z.strictObject({ from: z.string(), to: z.string() }))
    .readonly()
    .optional(),
  /** Options taken out together with the value that follows them. */
  dropOptions: z.array(z.string()).readonly().optional(),
  /** Added at the end unless one argument contains `unless`. */
  append: z
    .strictObject({ unless: z.string(), arguments: z.array(z.string()).readonly() })
    .readonly()
    .optional(),
  /** A file of options, one a line with `#` comments, added at the end; lines that begin with a word of `ignore` are left out. */
  optionsFile: z
    .strictObject({ path: z.string(), ignore: z.array(z.string()).readonly() })
    .readonly()
    .optional(),
  environment: z.record(z.string(), z.string()).optional(),
  /** True when the command, edited as above, stays in the foreground though the unit's type is forking. */
  foreground: z.boolean().optional(),
  /** ExecStartPre lines (words joined by one space) that are left out: configuration tests, and directories that `writable` makes. */
  dropPrepare: z.array(Pattern).readonly().optional(),
  /** Run before the unit's own preparation, for what a dropped line did with rights that an ISC does not have. */
  prepare: z.array(z.array(z.string()).min(1).readonly()).readonly().optional(),
  writable: z
    .array(z.strictObject({ path: z.string(), mode: z.string().regex(/^0[0-7]{3}$/) }))
    .readonly()
    .optional(),
  /** As in "80" or "53/udp". */
  listen: z
    .array(z.string().regex(/^\d{1,5}(\/udp)?$/))
    .readonly()
    .optional(),
  stopSignal: z.string().optional(),
  /** What the operator has to know, one sentence. */
  note: z.string().optional(),
});
export type ProgramKnowledge = z.infer<typeof ProgramKnowledge>;

export const ProgramKnowledgeFile = z.strictObject({ $schema: z.string().optional(), programs: z.array(ProgramKnowledge).readonly() });
export type ProgramKnowledgeFile = z.infer<typeof ProgramKnowledgeFile>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
