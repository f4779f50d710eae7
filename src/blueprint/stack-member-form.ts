/** One entry of the stack's `iscs`: what it is made from, how many there are, what surrounds it. */
import { z } from "zod";
import type { Connection } from "../model/network.ts";
import { mostInstances } from "../model/stack.ts";
import { blueprintForm } from "./blueprint-form.ts";
import { isInsideName } from "./flow-form.ts";
import { complainOfSharedHostPorts, complainOfTwins, connectionRule, exposeForm, mostPorts, parseConnection } from "./network-form.ts";
import { complain, count, line, name, pathBelow } from "./scalars.ts";
import { trafficLimitsForm } from "./traffic-limits-form.ts";

/** An ISC's links on the host are told apart by one letter. */
const mostNetworksOfMember = 16;
const mostSecretsOfMember = 64;
const nameList = "expected a list of names";

const blueprintRule = "expected a path inside the stack file's folder, such as ./web/web.yaml, or a whole blueprint";

const inlineForm = blueprintForm.extend({ isc: blueprintForm.shape.isc.optional(), name: blueprintForm.shape.name.optional() });

type OutsideConnection = Exclude<Connection, { kind: "isc" }>;

const outside = line("expected text such as api.example.org:443").transform((text, context): OutsideConnection => {
  const connection = parseConnection(text);
  if (text.startsWith("isc:") || (connection?.kind === "name" && isInsideName(connection.host))) {
    return complain(
      context,
      "expected a place outside; what may connect to other ISCs stands in flows: { from: NAME, to: NAME, port: PORT }",
    );
  }
  const isOutside = connection !== undefined && connection.kind !== "isc";
  return isOutside
    ? connection
    : complain(context, connectionRule(text, "192.0.2.5:5432, [2001:db8::1]:443, api.example.org:443 or 10.0.0.0/8:53/udp"));
});

export const memberForm = z
  .strictObject(
    {
      blueprint: z
        .union([pathBelow(blueprintRule), inlineForm], { error: blueprintRule })
        .describe(
          "What it is made from: a blueprint's path inside this file's folder, or a whole blueprint; isc and name may be left out there.",
        ),
      count: count(1, mostInstances)
        .optional()
        .describe("How many ISCs: STACK-MEMBER-1, STACK-MEMBER-2 and so on. Without it one, without a number."),
      networks: z
        .array(name, { error: nameList })
        .min(1, "expected at least one network")
        .max(mostNetworksOfMember, `expected at most ${mostNetworksOfMember} networks`)
        .optional()
        .describe("The networks it is on; the first is eth0 and has the default route. May be left out where there is only one."),
      expose: exposeForm.describe('Host ports that lead to its ports: { 8080: 80, "53/udp": 53, "127.0.0.1:8443": 443 }.'),
      connect: z
        .array(outside, { error: "expected a list such as [api.example.org:443]" })
        .max(mostPorts, `expected at most ${mostPorts} destinations`)
        .default([])
        .describe('What it may connect to outside: "api.example.org:443", "10.0.0.0/8:53/udp". Each is a flow without limits.'),
      secrets: z
        .array(name, { error: nameList })
        .max(mostSecretsOfMember, `expected at most ${mostSecretsOfMember} secrets`)
        .default([])
        .describe("Which secrets it gets, each as the file /run/secrets/NAME."),
      limits: trafficLimitsForm.optional().describe("What each of its ISCs may send and receive at most."),
    },
    { error: "expected a mapping such as { blueprint: ./web/web.yaml }" },
  )
  .superRefine(({ networks, connect, secrets, expose }, context) => {
    complainOfTwins(networks ?? [], (entry) => entry, ["networks"], context);
    complainOfTwins(secrets, (entry) => entry, ["secrets"], context);
    complainOfTwins(connect, (entry) => JSON.stringify(entry), ["connect"], context);
    complainOfSharedHostPorts(expose, context);
  });
export type MemberForm = z.output<typeof memberForm>;
