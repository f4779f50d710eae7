/** iscadm events. */
import type { CallOptions } from "../../api/node-client.ts";
import type { InputOf } from "../../api/operations.ts";
import { closest } from "../../base/edit-distance.ts";
import { Problem } from "../../base/problem.ts";
import { Event, sensors, severities } from "../../model/event.ts";
import type { Command, CommandInput } from "../command.ts";
import { parseMoment } from "../moment-argument.ts";
import { parseNameArgument } from "../name-argument.ts";
import { renderEvent } from "../output/event.ts";
import { renderJsonLine } from "../output/json.ts";
import { parseTail } from "../tail-argument.ts";

const usualTail = 50;

export const command: Command = {
  description: `Prints what the dock has recorded, oldest first: of one ISC, or of all and the dock itself. Without --tail or --since it begins with the last ${usualTail}.`,
  options: [
    { flags: "-f, --follow", description: "go on printing what comes, until Ctrl-C" },
    { flags: "--severity <least>", description: `of this severity or worse: ${severities.join(", ")}` },
    { flags: "--sensor <sensor>", description: `seen by this sensor: ${sensors.join(", ")}` },
    { flags: "--kind <kind>", description: "of this kind, such as exec.denied, or exec for all of them" },
    { flags: "--since <moment>", description: "not before: 10m ago, or 2026-03-01T12:30:05Z" },
    { flags: "--until <moment>", description: "before that moment" },
    { flags: "--tail <events>", description: "only the last so many" },
  ],
  examples: [
    { line: "iscadm events -f", does: "watch everything" },
    { line: "iscadm events web --severity alert --since 1d", does: "what was serious about web since yesterday" },
    { line: "iscadm events --kind dock.command --tail 1000 --json", does: "who asked the dock for what, for programs" },
  ],
  jsonLines: true,
  async run({ dock, signal, flags, io, palette }, input) {
    const onData: CallOptions["onData"] = (data) =>
      io.stdout.write(flags.json ? renderJsonLine({ data }) : renderEvent(Event.parse(data), palette));
    const result = await dock.call("events", requestOf(input, io.now()), { signal, onData });
    if (flags.json) io.stdout.write(renderJsonLine({ result }));
    return 0;
  },
};

function requestOf(input: CommandInput, nowMs: number): InputOf<"events"> {
  const name = input.optionalArgument(0);
  const [severity, sensor, kind, since, until, tail] = ["severity", "sensor", "kind", "since", "until", "tail"].map((option) =>
    input.text(option),
  );
  const begins = since === undefined && tail === undefined ? usualTail : tail === undefined ? undefined : parseTail(tail, "events", 6);
  return {
    ...(name === undefined ? {} : { name: parseNameArgument(name) }),
    ...(severity === undefined ? {} : { severity: oneOf("--severity", severity, severities) }),
    ...(sensor === undefined ? {} : { sensor: oneOf("--sensor", sensor, sensors) }),
    ...(kind === undefined ? {} : { kind }),
    ...(since === undefined ? {} : { sinceMs: parseMoment("--since", since, nowMs) }),
    ...(until === undefined ? {} : { untilMs: parseMoment("--until", until, nowMs) }),
    ...(begins === undefined ? {} : { tail: begins }),
    ...(input.flag("follow") ? { follow: true } : {}),
  };
}

function oneOf<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = closest(text, [...words]);
  throw new Problem("USAGE", `cannot understand ${option} ${JSON.stringify(text)}`, {
    hint: near === undefined ? `one of ${words.join(", ")}` : `did you mean ${near}?`,
  });
}
