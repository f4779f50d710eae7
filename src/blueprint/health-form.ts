/** The blueprint's `health`: how the dock finds out whether the service answers. */
import { z } from "zod";
import type { Health } from "../model/blueprint.ts";
import { complain, count, duration, line, parsePort, textOrNumber } from "./scalars.ts";
import { command } from "./service-form.ts";

const http = line('expected a port and a path, such as ":80/"').transform((text, context) => {
  const [, digits = "", path = "/"] = /^:(\d+)(\/[!-~]*)?$/.exec(text) ?? [];
  const port = parsePort(digits);
  return port === undefined ? complain(context, 'expected a port and a path, such as ":80/"') : { port, path };
});

const tcp = textOrNumber('expected a port, such as ":6379"', (text) => parsePort(text.replace(/^:/, "")));

export const healthForm = z
  .strictObject(
    {
      http: http.optional().describe('Ask for a page: ":80/health". Any answer from 200 to 399 is well.'),
      tcp: tcp.optional().describe('Open a connection: ":6379".'),
      command: command.optional().describe("Run a program inside; exit code 0 is well."),
      every: duration(100, 3_600_000, "5s").prefault("5s").describe("Time between two checks."),
      timeout: duration(10, 600_000, "3s").prefault("3s").describe("How long one check may take."),
      failures: count(1, 100).default(3).describe("How many checks in a row must fail before the ISC counts as unhealthy."),
    },
    { error: 'expected a mapping such as { http: ":80/", every: 5s }' },
  )
  .transform((form, context): Health => {
    const timing = { everyMs: form.every, timeoutMs: form.timeout, failures: form.failures };
    const kinds = (["http", "tcp", "command"] as const).filter((kind) => form[kind] !== undefined);
    if (kinds.length === 1) {
      if (form.http !== undefined) return { kind: "http", ...form.http, ...timing };
      if (form.tcp !== undefined) return { kind: "tcp", port: form.tcp, ...timing };
      if (form.command !== undefined) return { kind: "command", command: form.command, ...timing };
    }
    return complain(
      context,
      `names ${kinds.length === 0 ? "no check" : kinds.join(" and ")}, expected exactly one of http, tcp or command`,
    );
  })
  .meta({ oneOf: [{ required: ["http"] }, { required: ["tcp"] }, { required: ["command"] }] });
