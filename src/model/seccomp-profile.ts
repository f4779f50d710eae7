/** profiles/seccomp/*.json: which system calls an ISC may make, by name and by argument. */
import { z } from "zod";

const Errno = z.enum(["EPERM", "ENOSYS", "EAFNOSUPPORT"]);
const CallName = z.string().regex(/^[a-z_][a-z0-9_]*$/);
const Names = z.array(CallName).min(1).readonly();
const Why = z.string().min(1);

/** JSON has no hexadecimal numbers, and flags are unreadable without. */
const Word = z.union([
  z.number().int().min(0).max(0xffff_ffff),
  z
    .string()
    .regex(/^0x[0-9a-f]{1,8}$/)
    .transform(Number),
]);
const Argument = z.number().int().min(0).max(5);

/** One comparison of an argument: with a number, or of the bits in `mask` with `value`. */
export const SeccompComparison = z.union([
  z.strictObject({ argument: Argument, is: z.enum(["=", "!=", ">"]), value: Word }),
  z.strictObject({ argument: Argument, mask: Word, value: Word }),
]);
export type SeccompComparison = z.infer<typeof SeccompComparison>;

/** `when` is any of its lists, and of each list all comparisons; libseccomp takes each argument at most once in a list. */
export const SeccompCondition = z.strictObject({
  why: Why,
  names: Names,
  answer: z.union([z.literal("allow"), Errno]),
  when: z.array(z.array(SeccompComparison).min(1).readonly()).min(1).readonly(),
});
export type SeccompCondition = z.infer<typeof SeccompCondition>;

/** Rules that take the place of a profile's rules for the calls they name. */
export const SeccompFragment = z.strictObject({ description: z.string(), conditions: z.array(SeccompCondition).readonly() });
export type SeccompFragment = z.infer<typeof SeccompFragment>;

export const SeccompProfile = z.strictObject({
  description: z.string(),
  /** What a call answers that is named nowhere: ENOSYS, so that C libraries fall back from calls which are newer than the profile. */
  unnamed: Errno,
  allow: Names,
  refuse: z.array(z.strictObject({ why: Why.optional(), names: Names, errno: Errno })).readonly(),
  conditions: z.array(SeccompCondition).readonly(),
  /** Calls that come with a declared capability, as they are of no use without it. */
  capabilities: z.record(z.string().regex(/^CAP_[A-Z_]+$/), Names),
});
export type SeccompProfile = z.infer<typeof SeccompProfile>;
