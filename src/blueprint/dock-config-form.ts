/** dock.yaml: what an operator may write there. */
import { z } from "zod";
import { auditLevels, type ForwardTarget } from "../model/dock-config.ts";
import { severities } from "../model/event.ts";
import type { NotifyTarget } from "../model/respond.ts";
import { respondForm } from "./respond-form.ts";
import { complain, count, duration, line, parsePort, size } from "./scalars.ts";
import { command } from "./service-form.ts";

const dayMs = 86_400_000;
const targetRule =
  'expected where to, such as "udp://10.0.0.9:514", "tcp://10.0.0.9:601", "unix:/run/collector.sock" or "file:/var/log/isc.log"';

const target = line(targetRule).transform((text, context): ForwardTarget => parseTarget(text) ?? complain(context, targetRule));

function parseTarget(text: string): ForwardTarget | undefined {
  const [, kind, place] = /^(unix|file):(\/(?!.*\/\.\.?(?:\/|$)).+)$/.exec(text) ?? [];
  if ((kind === "unix" || kind === "file") && place !== undefined) return { kind, path: place };
  const [, transport, bracketed, plain, digits = ""] = /^(udp|tcp):\/\/(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d+)$/i.exec(text) ?? [];
  const [host, port] = [bracketed ?? plain, parsePort(digits)];
  return (transport === "udp" || transport === "tcp") && host !== undefined && port !== undefined
    ? { kind: transport, host, port }
    : undefined;
}

const forward = z
  .strictObject(
    {
      syslog: target.optional().describe("As RFC 5424 messages."),
      json: target.optional().describe("As JSON lines, the ledger's own."),
      severity: z.enum(severities).default("info").describe("From this severity on."),
    },
    { error: 'expected a mapping such as { syslog: "udp://10.0.0.9:514", severity: warning }' },
  )
  .transform(({ syslog, json, severity }, context) => {
    const chosen = syslog ?? json;
    if (chosen === undefined || (syslog !== undefined && json !== undefined))
      return complain(context, "expected exactly one of syslog or json");
    return { format: syslog === undefined ? ("json" as const) : ("syslog" as const), target: chosen, severity };
  });

const ledger = z
  .strictObject({
    keep: duration(3_600_000, 3_650 * dayMs, "90d")
      .prefault("365d")
      .describe("Events older than this may be removed."),
    size: size(16 * 1024 ** 2, 1024 ** 4)
      .prefault("4GiB")
      .describe("Beyond this the oldest events are removed."),
    forward: z.array(forward, { error: "expected a list" }).max(16, "expected at most 16").default([]).describe("Where events go besides."),
  })
  .prefault({});

const integrity = z
  .strictObject({
    every: duration(500, 3_600_000, "5s").prefault("5s").describe("Time between two looks at what runs."),
    image: duration(60_000, 30 * dayMs, "6h")
      .prefault("6h")
      .describe("Time after which an image is read again from the first to the last byte."),
  })
  .prefault({});

const firewall = z
  .strictObject({
    restore: z
      .boolean({ error: "expected true or false" })
      .default(true)
      .describe("Whether the dock's table is put back at once when somebody else has changed it."),
  })
  .prefault({});

const incidents = z
  .strictObject({
    keep: count(1, 10_000).default(50).describe("How many incidents are kept; beyond that the oldest go."),
    size: size(1024 ** 2, 1024 ** 4)
      .prefault("1GiB")
      .describe("How large all of them together may be."),
  })
  .prefault({});

const notify = z
  .array(
    z
      .strictObject(
        {
          url: line("expected an address such as http://10.0.0.9:8080/isc", /^https?:\/\/[^\s]+$/)
            .optional()
            .describe("The event goes there as JSON, by POST."),
          command: command.optional().describe("A program of the host, without a shell; the event comes on its standard input as JSON."),
          severity: z.enum(severities).default("notice").describe("From this severity on."),
        },
        { error: 'expected a mapping such as { url: "http://10.0.0.9:8080/isc" }' },
      )
      .transform(({ url, command: words, severity }, context): NotifyTarget => {
        if (url !== undefined && words === undefined) return { to: { kind: "url", url }, severity };
        if (words !== undefined && url === undefined) return { to: { kind: "command", command: words }, severity };
        return complain(context, "expected exactly one of url or command");
      }),
    { error: "expected a list" },
  )
  .max(16, "expected at most 16")
  .default([])
  .describe("Who is told what the dock has done by itself.");

const audit = z
  .enum(auditLevels, { error: `expected ${auditLevels.join(" or ")}` })
  .default("full")
  .describe(
    "light records sessions and what the system call filter refuses, at no cost; full also what is run, and what the kernel refuses.",
  );

export const dockConfigForm = z.strictObject(
  {
    dock: z.literal(1, "expected 1, the version of this format"),
    ledger,
    audit,
    firewall,
    integrity,
    incidents,
    respond: respondForm.prefault({}),
    notify,
  },
  { error: "expected a mapping that begins with dock: 1" },
);
