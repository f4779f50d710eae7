/** The operator's form of a stack → the model: paths made absolute, networks and flows filled in, blueprints as text of their own. */
import { posix } from "node:path";
import { isName, type Name } from "../model/name.ts";
import type { BlueprintSource, Flow, FlowTarget, SecretSource, Stack, StackMember } from "../model/stack.ts";
import type { BlueprintForm } from "./blueprint-form.ts";
import { blueprintOf } from "./blueprint-model.ts";
import type { Path } from "./fault.ts";
import type { FlowEnd, FlowForm } from "./flow-form.ts";
import { given } from "./given.ts";
import { renderBlueprint } from "./render-blueprint.ts";
import type { StackForm } from "./stack-form.ts";
import type { MemberForm } from "./stack-member-form.ts";

/** A flow, and where the file says it. */
export interface PlacedFlow {
  readonly flow: Flow;
  readonly path: Path;
}

/** @param directory absolute path of the stack file's folder */
export function stackOf(form: StackForm, directory: string): Stack {
  return {
    name: form.name,
    networks: mapValues(form.networks, (network) => network ?? {}),
    members: mapEntries(form.iscs, (name, member) => memberOf(form, { name, member, directory })),
    flows: flowsOf(form).map(({ flow }) => flow),
    secrets: mapValues(form.secrets, (source) => secretOf(source, directory)),
  };
}

/** The networks a member is on: with only one in the stack they need not be said. */
export function networksOfMember(form: StackForm, name: Name): readonly Name[] {
  const all = entriesOf(form.networks).map(([network]) => network);
  return form.iscs[name]?.networks ?? (all.length === 1 ? all : []);
}

/** Every flow whose ends are known: those of `flows`, one for each port, then those of each member's `connect`. */
export function flowsOf(form: StackForm): readonly PlacedFlow[] {
  const said = form.flows.flatMap((entry, index) => flowsOfEntry(form, entry, ["flows", index]));
  const connects = entriesOf(form.iscs).flatMap(([from, { connect }]) =>
    connect.map(({ port, protocol, ...to }, index): PlacedFlow => {
      return { flow: { from, to, port, protocol }, path: ["iscs", from, "connect", index] };
    }),
  );
  return [...said, ...connects];
}

/** The member of a name, or undefined. */
export function memberNamed(form: StackForm, word: string): Name | undefined {
  return isName(word) && Object.hasOwn(form.iscs, word) ? word : undefined;
}

/** A blueprint that stands in the stack file, whole. */
export function inlineBlueprint(name: Name, { blueprint }: MemberForm): BlueprintForm | undefined {
  return typeof blueprint === "string" ? undefined : { ...blueprint, isc: 1, name: blueprint.name ?? name };
}

/** The text that such a blueprint becomes. */
export function renderInline(blueprint: BlueprintForm, directory: string): string {
  return renderBlueprint(blueprintOf(blueprint, directory), directory);
}

function flowsOfEntry(form: StackForm, entry: FlowForm, path: Path): readonly PlacedFlow[] {
  const from = entry.from === "dock" ? entry.from : memberNamed(form, entry.from);
  const to = targetOf(form, entry.to);
  const network = entry.network === undefined || !isName(entry.network) ? undefined : entry.network;
  if (from === undefined || to === undefined) return [];
  const ports = entry.ports ?? (entry.port === undefined ? [] : [entry.port]);
  return ports.map(({ port, protocol }, index) => ({
    flow: { from, to, port, protocol, ...given({ network, limits: entry.limits }) },
    path: entry.ports === undefined ? path : [...path, "ports", index],
  }));
}

function targetOf(form: StackForm, to: FlowEnd): FlowTarget | undefined {
  if (to.kind !== "member") return to;
  const isc = memberNamed(form, to.word);
  return isc === undefined ? undefined : { kind: "isc", isc };
}

function memberOf(form: StackForm, { name, member, directory }: { name: Name; member: MemberForm; directory: string }): StackMember {
  return {
    blueprint: blueprintSourceOf(name, member, directory),
    networks: networksOfMember(form, name),
    expose: member.expose,
    secrets: member.secrets,
    ...given({ count: member.count, limits: member.limits }),
  };
}

function blueprintSourceOf(name: Name, member: MemberForm, directory: string): BlueprintSource {
  const inline = inlineBlueprint(name, member);
  if (inline !== undefined) return { kind: "inline", text: renderInline(inline, directory), directory };
  return { kind: "file", path: posix.resolve(directory, String(member.blueprint)) };
}

function secretOf(source: SecretSource, directory: string): SecretSource {
  return source.kind === "stdin" ? source : { kind: "file", path: posix.resolve(directory, source.path) };
}

/** The entries of a record, its keys as the names that the form has made of them. */
export function entriesOf<Value>(record: Readonly<Record<Name, Value>>): readonly (readonly [Name, Value])[] {
  return Object.entries(record).flatMap(([key, value]) => (isName(key) ? [[key, value] as const] : []));
}

function mapEntries<Value, Result>(
  record: Readonly<Record<Name, Value>>,
  change: (name: Name, value: Value) => Result,
): Record<Name, Result> {
  return Object.fromEntries(entriesOf(record).map(([name, value]) => [name, change(name, value)]));
}

function mapValues<Value, Result>(record: Readonly<Record<Name, Value>>, change: (value: Value) => Result): Record<Name, Result> {
  return mapEntries(record, (_, value) => change(value));
}
