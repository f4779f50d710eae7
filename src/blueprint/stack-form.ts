/** A stack as an operator writes it. Every key has its description here: editors show it through the JSON Schema. */
import { z } from "zod";
import type { SecretSource } from "../model/stack.ts";
import { flowForm } from "./flow-form.ts";
import { complain, line, name } from "./scalars.ts";
import { memberForm } from "./stack-member-form.ts";
import { networksForm } from "./stack-network-form.ts";

const mostMembers = 128;
const mostSecrets = 256;
/** Those of `connect` count, too. */
export const mostFlows = 4_000;
/** What the only network is called where none is named. */
const usualNetwork = "main";

const secretRule = "expected { file: ./NAME }, or stdin";
const fileRule = "expected a path inside the stack file's folder, such as ./db-password, or an absolute one";

const secretFile = line(fileRule).refine((path) => /^[^\n\t]+[^/]$/.test(path) && !path.split("/").includes(".."), fileRule);

const secretForm = z
  .union([z.literal("stdin"), z.strictObject({ file: secretFile.describe("A file inside this file's folder, or an absolute path.") })], {
    error: secretRule,
  })
  // Its path may still be relative to the stack file.
  .transform((source): SecretSource => (source === "stdin" ? { kind: "stdin" } : { kind: "file", path: source.file }));

export const stackForm = z.strictObject(
  {
    "isc-stack": z.literal(1, { error: "expected 1, the version of this format" }).describe("The version of this format: 1."),
    name: name.describe("The stack's name; those of its ISCs begin with it."),
    networks: networksForm
      .prefault({ [usualNetwork]: {} })
      .describe("The networks between its ISCs, by name. Without it, one that is called main and has no way out."),
    iscs: z
      .record(name, memberForm, { error: "expected a mapping of members, such as { web: { blueprint: ./web/web.yaml } }" })
      .superRefine((members, context) => {
        const found = Object.keys(members).length;
        if (found === 0 || found > mostMembers) complain(context, `expected 1 to ${mostMembers} members`);
      })
      .describe("Its members, by name: each one ISC, or several alike."),
    flows: z
      .array(flowForm, { error: "expected a list of flows, such as [{ from: web, to: app, port: 9000 }]" })
      .max(mostFlows, `expected at most ${mostFlows} flows`)
      .default([])
      .describe("Who may connect where. What no flow names is closed."),
    secrets: z
      .record(name, secretForm, { error: "expected a mapping of secrets, such as { db-password: { file: ./db-password } }" })
      .superRefine((secrets, context) => {
        if (Object.keys(secrets).length > mostSecrets) complain(context, `expected at most ${mostSecrets} secrets`);
      })
      .prefault({})
      .describe("Where secrets come from: a file, or stdin for what is given on the command line at each up."),
  },
  { error: "expected a stack: a mapping with isc-stack, name and iscs" },
);
export type StackForm = z.output<typeof stackForm>;
