/** The contract of dock, CLI and page: every operation is `POST /v1/<name>` with a JSON object, and answers JSON or JSON lines. */
import { z } from "zod";
import { Sensor, Severity } from "../model/event.ts";
import { Name } from "../model/name.ts";
import { Exposure, PortNumber, Protocol } from "../model/network.ts";

/**
 * `access`: "read" is open to root and members of group isc, "change" to root alone.
 * `answer`: "json" is one document `{"result": …}` or `{"problem": …}`;
 * "lines" is JSON lines: any number of `{"progress": …}` or `{"data": …}`, then one `{"result": …}` or `{"problem": …}`.
 */
export interface Operation<Input extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly access: "read" | "change";
  readonly answer: "json" | "lines";
}

const nothing = z.strictObject({});
const one = z.strictObject({ name: Name });
const many = z.strictObject({ names: z.array(Name).min(1) });
/** A digest, a unique beginning of one (at least 4 digits), or an image name (then the newest of that name). */
const ImageReference = z.string().min(1).max(80);
/** web.4711 */
const IncidentId = z.string().min(1).max(60);
/** Absolute path of a file on the dock's machine. */
const HostPath = z.string().startsWith("/").max(4_096);

export const operations = {
  build: { input: z.strictObject({ blueprint: HostPath, noCache: z.boolean().optional() }), access: "change", answer: "lines" },
  images: { input: nothing, access: "read", answer: "json" },
  "image-show": { input: z.strictObject({ image: ImageReference }), access: "read", answer: "json" },
  "image-verify": { input: z.strictObject({ image: ImageReference }), access: "read", answer: "json" },
  "image-remove": { input: z.strictObject({ image: ImageReference }), access: "change", answer: "json" },
  "image-prune": {
    input: z.strictObject({ olderThanMs: z.number().int().min(0), dryRun: z.boolean().optional() }),
    access: "change",
    answer: "lines",
  },
  "image-export": { input: z.strictObject({ image: ImageReference, file: HostPath }), access: "change", answer: "lines" },
  "image-import": { input: z.strictObject({ file: HostPath }), access: "change", answer: "lines" },
  create: { input: z.strictObject({ name: Name, image: ImageReference }), access: "change", answer: "json" },
  start: { input: many, access: "change", answer: "lines" },
  stop: { input: many.extend({ timeoutMs: z.number().int().positive().optional() }), access: "change", answer: "lines" },
  restart: { input: many, access: "change", answer: "lines" },
  list: { input: nothing, access: "read", answer: "json" },
  show: { input: one, access: "read", answer: "json" },
  logs: {
    input: one.extend({ follow: z.boolean().optional(), tail: z.number().int().min(0).optional() }),
    access: "read",
    answer: "lines",
  },
  exec: {
    input: one.extend({
      command: z.array(z.string()).min(1),
      user: z.string().optional(),
      environment: z.record(z.string(), z.string()).optional(),
      workingDirectory: z.string().optional(),
      /** May run what `rights.execute` leaves out; recorded as an event. */
      admin: z.boolean().optional(),
      /** Everything the command reads on standard input, base64; absent means none. Terminals use the upgrade `GET /v1/terminal`. */
      input: z.string().optional(),
    }),
    access: "change",
    answer: "lines",
  },
  expose: { input: one.extend({ exposure: Exposure }), access: "change", answer: "json" },
  unexpose: { input: one.extend({ hostPort: PortNumber, protocol: Protocol }), access: "change", answer: "json" },
  clone: {
    input: z.strictObject({
      /** NAME, or NAME@SNAPSHOT to take the snapshot's volumes along. */
      source: z.string(),
      name: Name,
      count: z.number().int().min(1).max(4_000).optional(),
      start: z.boolean().optional(),
    }),
    access: "change",
    answer: "lines",
  },
  snapshot: { input: z.strictObject({ name: Name, snapshot: Name }), access: "change", answer: "json" },
  snapshots: { input: z.strictObject({ name: Name.optional() }), access: "read", answer: "json" },
  "snapshot-remove": { input: z.strictObject({ name: Name, snapshot: Name }), access: "change", answer: "json" },
  rollback: { input: z.strictObject({ name: Name, snapshot: Name }), access: "change", answer: "lines" },
  reset: { input: many.extend({ snapshot: Name.optional() }), access: "change", answer: "lines" },
  update: {
    input: one.extend({ image: ImageReference.optional(), check: z.boolean().optional() }),
    access: "change",
    answer: "lines",
  },
  quarantine: { input: many.extend({ reason: z.string().min(1).max(500).optional() }), access: "change", answer: "lines" },
  release: { input: many, access: "change", answer: "lines" },
  cleanse: { input: many, access: "change", answer: "lines" },
  verify: { input: z.strictObject({ names: z.array(Name).optional(), full: z.boolean().optional() }), access: "read", answer: "json" },
  assess: { input: one, access: "read", answer: "json" },
  destroy: { input: many.extend({ shred: z.boolean().optional() }), access: "change", answer: "lines" },
  "stack-up": {
    input: z.strictObject({
      file: HostPath,
      /** Secrets that the client was given, base64 by name: never logged. */
      secrets: z.record(Name, z.base64()).optional(),
      noCache: z.boolean().optional(),
    }),
    access: "change",
    answer: "lines",
  },
  /** `volumes`: those of its ISCs go, too; without it they stay, and so do their ISCs, stopped. */
  "stack-down": { input: z.strictObject({ stack: Name, volumes: z.boolean().optional() }), access: "change", answer: "lines" },
  /** Builds what has to be built, and changes nothing that runs. */
  "stack-diff": { input: z.strictObject({ file: HostPath }), access: "change", answer: "lines" },
  stacks: { input: nothing, access: "read", answer: "json" },
  "network-test": { input: z.strictObject({ stack: Name }), access: "change", answer: "lines" },
  incidents: { input: nothing, access: "read", answer: "json" },
  "incident-show": { input: z.strictObject({ id: IncidentId }), access: "change", answer: "json" },
  "incident-export": { input: z.strictObject({ id: IncidentId, file: HostPath }), access: "change", answer: "json" },
  "policy-test": {
    input: z.strictObject({
      /** An ISC, whose recorded events and own policy are meant; or only its events, with another blueprint's policy. */
      name: Name.optional(),
      blueprint: HostPath.optional(),
      /** JSON lines as `events --json` or the ledger have them. */
      events: HostPath.optional(),
      sinceMs: z.number().int().optional(),
    }),
    access: "change",
    answer: "json",
  },
  events: {
    input: z.strictObject({
      name: Name.optional(),
      severity: Severity.optional(),
      sensor: Sensor.optional(),
      /** `exec.denied`, or its first word: `exec`. */
      kind: z.string().max(60).optional(),
      sinceMs: z.number().int().optional(),
      untilMs: z.number().int().optional(),
      tail: z.number().int().min(0).max(1_000_000).optional(),
      follow: z.boolean().optional(),
    }),
    access: "read",
    answer: "lines",
  },
  /** `directory`: a copy of a ledger; the dock's own when absent. */
  "ledger-verify": { input: z.strictObject({ directory: HostPath.optional() }), access: "read", answer: "json" },
  "dock-status": { input: nothing, access: "read", answer: "json" },
  "dock-stop": { input: nothing, access: "change", answer: "json" },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
export type InputOf<N extends OperationName> = z.input<(typeof operations)[N]["input"]>;
