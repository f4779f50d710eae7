/**
 * The single values an operator writes: sizes, durations, paths, names. Every complaint is the whole expectation, beginning with
 * "expected", so that it can follow what was found.
 */
import { z } from "zod";
import { parseDuration } from "../base/duration.ts";
import { parseSize, renderSize } from "../base/size.ts";
import { Name, namePattern, nameRule } from "../model/name.ts";
import { PortNumber } from "../model/network.ts";

type Context = z.core.$RefinementCtx;

/** Reports what is wrong with the value at hand, or with a part of it. */
export function complain(context: Context, message: string, path: readonly PropertyKey[] = []): never {
  context.issues.push({ code: "custom", message, path: [...path], input: context.value });
  return z.NEVER;
}

/** One line of text: no tab, no line feed (other control characters never get this far). */
export function line(expected: string, pattern = /^[^\n\t]*$/, longest = 4096) {
  return z.string({ error: expected }).max(longest, expected).regex(pattern, expected);
}

const oneLine = (text: string) => !/[\n\t]/.test(text);

/** A value written as text or as a bare number. */
export function textOrNumber<T>(expected: string, parse: (text: string) => T | undefined) {
  return z
    .union([z.string(), z.number()], { error: expected })
    .transform((given, context): T => parse(String(given)) ?? complain(context, expected));
}

export const name = line(`expected ${nameRule}`, namePattern).pipe(Name);

export function size(leastBytes: number, mostBytes: number) {
  const expected = `expected a size from ${renderSize(leastBytes)} to ${renderSize(mostBytes)}, such as 128MiB`;
  return textOrNumber(expected, (text) => {
    const sizeBytes = parseSize(text);
    return sizeBytes !== undefined && sizeBytes >= leastBytes && sizeBytes <= mostBytes ? sizeBytes : undefined;
  });
}

export function duration(leastMs: number, mostMs: number, example: string) {
  const expected = `expected a duration from ${leastMs / 1000}s to ${mostMs / 1000}s, such as ${example}`;
  return line(expected).transform((text, context): number => {
    const durationMs = parseDuration(text);
    return durationMs !== undefined && durationMs >= leastMs && durationMs <= mostMs ? durationMs : complain(context, expected);
  });
}

const mostCpuPercent = 102_400;

/** "50%" of one core, or a number of cores: 0.5. Percent to three decimals. */
export const cpu = textOrNumber("expected a share of one core such as 50%, or a number of cores such as 1.5", (text) => {
  const [, amount, sign] = /^(\d{1,6}(?:\.\d{1,3})?)(%?)$/.exec(text) ?? [];
  const percent = Math.round(Number(amount) * (sign === "%" ? 1000 : 100_000)) / 1000;
  return percent >= 1 && percent <= mostCpuPercent ? percent : undefined;
});

export function count(least: number, most: number) {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.number({ error: expected }).int(expected).min(least, expected).max(most, expected);
}

/** The port number a text means, or undefined. */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? PortNumber.safeParse(Number(text)) : undefined;
  return port?.data;
}

const pathRule = "an absolute path without . or .. in it, such as /srv/www";

/** An image path, a trailing slash kept. */
export const target = line(`expected ${pathRule}`, /^\/(?:(?!\.{1,2}(?:\/|$))[^/\n\t]{1,255}(?:\/|$))*$/);

/** An image path that names one thing: no trailing slash. */
export const place = line(`expected ${pathRule}, and no slash at its end`, /^\/(?:(?!\.{1,2}(?:\/|$))[^/\n\t]{1,255}(?:\/(?!$)|$))*$/);

/** A file beside the blueprint. Staying below its folder keeps a blueprint whole when it moves, and other files of the host out of it. */
export const sourcePath = pathBelow("expected a path inside the blueprint's folder, such as ./site.conf");

/** A relative path that stays below the folder it starts from. */
export function pathBelow(expected: string) {
  return line(expected).refine((text) => /^[^/\n\t]/.test(text) && !text.split("/").includes(".."), expected);
}

/** A user or group: by name (as useradd(8) takes it) or by number. */
const accountPattern = /^(?:[a-z_][a-z0-9_-]{0,31}|0|[1-9]\d{0,4})$/;
const accountRule = "a user's name or number, such as www-data";

export const account = textOrNumber(`expected ${accountRule}`, (text) => (accountPattern.test(text) ? text : undefined));

export const owner = textOrNumber(`expected ${accountRule}, or user:group`, (text) => {
  const parts = text.split(":");
  return parts.length <= 2 && parts.every((part) => accountPattern.test(part)) ? text : undefined;
});

/** Octal digits as chmod(1) takes them. Without quotes YAML editors see a number, so that is read as the same digits. */
export const mode = z
  .union([z.string(), z.number()], { error: 'expected a mode of octal digits, such as "0644"' })
  .transform((given, context): number => {
    const text = String(given);
    if (!/^0?[0-7]{3}$/.test(text))
      return complain(context, 'expected a mode of three octal digits, such as "0644"; setuid, setgid and sticky bits are not sealed');
    const value = Number.parseInt(text, 8);
    return (value & 0o002) === 0 ? value : complain(context, "expected a mode that does not let everyone write");
  });

/** A value of an environment variable: numbers and truth values stand for their own spelling. */
export const environmentValue = z
  .union([z.string(), z.number(), z.boolean()], { error: "expected one line of text" })
  .transform((given, context): string => (oneLine(String(given)) ? String(given) : complain(context, "expected one line of text")));
