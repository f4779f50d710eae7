/** Problem: something that went wrong and that the operator can act on. It travels as JSON between dock and client. */

import { isProblemCode, type ProblemCode } from "./problem-codes.ts";

export interface ProblemOptions {
  /** What to do about it, one sentence. */
  readonly hint?: string | undefined;
  /** Lines to show beneath the sentence: a program's last output, or one complaint each. */
  readonly details?: readonly string[] | undefined;
  readonly cause?: unknown;
}

export interface ProblemJson {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: readonly string[];
}

export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }

  /** The cause stays behind: it may hold what only the dock's own log should show. */
  toJSON(): ProblemJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.details.length === 0 ? {} : { details: this.details }),
    };
  }
}

export function isProblem(value: unknown): value is Problem {
  return value instanceof Problem;
}

/** The Problem that `toJSON` described, or undefined when the value is none: a code that a newer dock invented counts as BUG. */
export function parseProblem(value: unknown): Problem | undefined {
  if (!isObject(value)) return undefined;
  const { code, message, hint, details } = value;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  return new Problem(isProblemCode(code) ? code : "BUG", message, {
    hint: typeof hint === "string" ? hint : undefined,
    details: Array.isArray(details) ? details.filter((line) => typeof line === "string") : undefined,
  });
}

function isObject(value: unknown): value is { readonly [Key in keyof ProblemJson]?: unknown } {
  return typeof value === "object" && value !== null;
}
