/** The blueprint's `services`: what runs, where it differs from the package's systemd unit or the OCI image's configuration. */
import { z } from "zod";
import type { ServiceOverride } from "../model/blueprint.ts";
import { findCommandMistake, parseCommandWords } from "./command-words.ts";
import { given } from "./given.ts";
import { findScratchObstacle, isBelow } from "./places.ts";
import { account, complain, duration, environmentValue, line, name, place } from "./scalars.ts";

const commandRule = "expected a command: a line of words, or a list of them";

/** Line feeds are fine inside one argument: a list is never read by a shell. */
const argument = z.union([z.string(), z.number()], { error: commandRule }).transform(String);

export const command = z.union([z.string(), z.array(argument)], { error: commandRule }).transform((given, context): readonly string[] => {
  const read = typeof given === "string" ? parseCommandWords(given) : { words: given };
  if ("mistake" in read) return complain(context, read.mistake);
  const mistake = findCommandMistake(read.words);
  return mistake === undefined ? read.words : complain(context, mistake);
});

const signals = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "KILL"] as const;
const signalNames = signals.flatMap((signal) => [`SIG${signal}`, signal] as const);

const scratchPlace = place.superRefine((path, context) => {
  const obstacle = findScratchObstacle(path);
  if (obstacle !== undefined) complain(context, `cannot lie on scratch: ${obstacle}`);
});

const serviceForm = z
  .strictObject(
    {
      unit: line("expected the name of a systemd unit, such as nginx.service", /^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,200}$/)
        .transform((unit) => (unit.endsWith(".service") ? unit : `${unit}.service`))
        .optional()
        .describe("The systemd unit to take defaults from; without it, the one of the service's name."),
      command: command
        .optional()
        .describe(
          "The program to run in the foreground, instead of the unit's: a line of words (quotes as in a shell, but no shell runs) or a list.",
        ),
      prepare: z
        .array(command, { error: "expected a list of commands" })
        .max(32, "expected at most 32 commands")
        .optional()
        .describe("Commands run to their end, in order, before the program at every start."),
      user: account.optional().describe("The user it runs as, by name or number."),
      group: account.optional().describe("Its primary group; without it, the user's own."),
      environment: z
        .record(line("expected a variable's name: letters, digits and _", /^[A-Za-z_][A-Za-z0-9_]{0,127}$/), environmentValue, {
          error: "expected a mapping of names to text",
        })
        .optional()
        .describe("Environment variables, over those of the unit. No secrets: they are sealed into the image."),
      "working-directory": place.optional().describe("The directory it starts in."),
      writable: z
        .array(scratchPlace, { error: "expected a list of paths" })
        .max(64, "expected at most 64 paths")
        .optional()
        .describe("More places on scratch, owned by the service's user; those its unit names, /tmp, /run and /var/log are there anyway."),
      "stop-signal": z
        .enum(signalNames, { error: "expected a signal such as TERM, QUIT or WINCH" })
        .transform((signal) => (signal.startsWith("SIG") ? signal : `SIG${signal}`))
        .optional()
        .describe("The signal that asks it to stop."),
      "stop-timeout": duration(100, 600_000, "10s").optional().describe("How long it may take to stop before it is killed."),
    },
    { error: "expected a mapping, or {} for what the unit says" },
  )
  .transform((form, context): ServiceOverride => {
    const { "working-directory": workingDirectory, "stop-signal": stopSignal, "stop-timeout": stopTimeoutMs, ...same } = form;
    complainOfNesting(form.writable ?? [], context);
    return { ...same, ...given({ workingDirectory, stopSignal, stopTimeoutMs }) };
  });

export const servicesForm = z
  .record(name, serviceForm.nullable(), { error: "expected a mapping of service names, such as { nginx: {} }" })
  .superRefine((services, context) => {
    const count = Object.keys(services).length;
    if (count === 0 || count > 16) complain(context, "expected 1 to 16 services");
  });

function complainOfNesting(places: readonly string[], context: z.core.$RefinementCtx): void {
  for (const [index, path] of places.entries()) {
    const other = places.find((candidate, at) => at !== index && isBelow(path, candidate) && (candidate !== path || at < index));
    if (other !== undefined)
      complain(context, other === path ? `${path} is given twice` : `${path} lies in ${other}, which is writable already`, [
        "writable",
        index,
      ]);
  }
}
