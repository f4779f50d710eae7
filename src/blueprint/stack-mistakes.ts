/** What is wrong with a stack though every part of it is right: names, networks, exposed ports, secrets, blueprints in it. */

import { prefixesOverlap } from "../base/ip-prefix.ts";
import { renderSize } from "../base/size.ts";
import type { Name } from "../model/name.ts";
import type { Exposure } from "../model/network.ts";
import { iscsOfMember, reservedMembers } from "../model/stack.ts";
import { findContradictions } from "./blueprint-model.ts";
import { renderChoice } from "./explain-issues.ts";
import type { Fault, Path } from "./fault.ts";
import { overlaps } from "./network-form.ts";
import { blueprintBounds } from "./read-yaml.ts";
import { findFlowMistakes } from "./stack-flow-mistakes.ts";
import type { StackForm } from "./stack-form.ts";
import { entriesOf, inlineBlueprint, renderInline } from "./stack-model.ts";
import { explainUnknownWords, type PlacedWord } from "./unknown-words.ts";

const longestName = 32;

export function findStackMistakes(form: StackForm, directory: string): readonly Fault[] {
  return [
    ...findNameMistakes(form),
    ...findNetworkMistakes(form),
    ...findExposureMistakes(form),
    ...findSecretMistakes(form),
    ...findInlineMistakes(form, directory),
    ...findFlowMistakes(form),
  ];
}

function findNameMistakes({ name: stack, iscs }: StackForm): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map<Name, Name>();
  for (const [member, { count }] of entriesOf(iscs)) {
    const names = iscsOfMember(stack, member, count);
    const mistake = findReserved(member) ?? names.map(findLengthMistake).findLast((found) => found !== undefined);
    if (mistake !== undefined) faults.push({ path: ["iscs", member], at: "key", sentence: mistake });
    const taken = names.find((name) => owners.has(name));
    const owner = taken === undefined ? undefined : owners.get(taken);
    if (owner !== undefined) {
      faults.push({ path: ["iscs", member], at: "key", sentence: `${owner} and ${member} would both have an ISC called ${taken}` });
    }
    for (const name of names) owners.set(name, member);
  }
  return faults;
}

function findReserved(member: Name): string | undefined {
  if (member === "localhost") return "localhost is every ISC's own name for itself, expected another name";
  const reserved = reservedMembers.find((word) => word === member);
  if (reserved === undefined) return undefined;
  return `${reserved} means ${reserved === "dock" ? "this host" : "the world"} in flows, expected another name`;
}

function findLengthMistake(name: Name): string | undefined {
  if (name.length <= longestName) return undefined;
  return `its ISC would be called ${name}, which has ${name.length} characters, expected at most ${longestName}: shorten the stack's name or the member's`;
}

function findNetworkMistakes({ networks, iscs }: StackForm): Fault[] {
  const known = Object.keys(networks);
  const words = entriesOf(iscs).flatMap(([member, { networks: given = [] }]) => placed(given, ["iscs", member, "networks"]));
  const silent = entriesOf(iscs).flatMap(([member, { networks: given }]) => (given === undefined && known.length > 1 ? [member] : []));
  return [
    ...explainUnknownWords(words, known, "network"),
    ...silent.map((member): Fault => {
      return {
        path: ["iscs", member, "networks"],
        at: "key",
        sentence: `missing, expected a list of one or more of ${renderChoice(known)}`,
      };
    }),
    ...findOverlaps(networks, "subnet"),
    ...findOverlaps(networks, "subnet6"),
  ];
}

function findOverlaps(networks: StackForm["networks"], key: "subnet" | "subnet6"): Fault[] {
  const declared = entriesOf(networks).flatMap(([name, network]) => {
    const prefix = network?.[key];
    return prefix === undefined ? [] : [{ name, prefix }];
  });
  return declared.flatMap(({ name, prefix }, index): Fault[] => {
    const other = declared.slice(0, index).find((candidate) => prefixesOverlap(candidate.prefix, prefix));
    if (other === undefined) return [];
    return [{ path: ["networks", name, key], at: "value", sentence: `${prefix} overlaps ${other.prefix} of network ${other.name}` }];
  });
}

function findExposureMistakes({ iscs }: StackForm): Fault[] {
  const seen = new Map<string, { readonly member: Name; readonly exposure: Exposure }[]>();
  return entriesOf(iscs).flatMap(([member, { expose }]) =>
    expose.flatMap((exposure): Fault[] => {
      const port = `${exposure.hostPort}/${exposure.protocol}`;
      const others = seen.get(port) ?? [];
      seen.set(port, [...others, { member, exposure }]);
      // Those of one member have been compared by its form.
      const twin = others.find((other) => other.member !== member && overlaps(other.exposure, exposure));
      if (twin === undefined) return [];
      return [{ path: ["iscs", member, "expose"], at: "key", sentence: `host port ${port} is exposed by ${twin.member} already` }];
    }),
  );
}

function findSecretMistakes({ iscs, secrets }: StackForm): Fault[] {
  const known = Object.keys(secrets);
  const words = entriesOf(iscs).flatMap(([member, { secrets: given }]) => placed(given, ["iscs", member, "secrets"]));
  const used = new Set(words.map(({ word }) => word));
  const unused = known.filter((secret) => !used.has(secret));
  return [
    ...explainUnknownWords(words, known, "secret"),
    ...unused.map((secret): Fault => ({ path: ["secrets", secret], at: "key", sentence: "no member has this secret among its secrets" })),
  ];
}

function findInlineMistakes({ iscs }: StackForm, directory: string): Fault[] {
  return entriesOf(iscs).flatMap(([name, member]): Fault[] => {
    const path = ["iscs", name, "blueprint"];
    const blueprint = inlineBlueprint(name, member);
    if (blueprint === undefined) return [];
    const faults = findContradictions(blueprint, directory).map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
    const { mostBytes } = blueprintBounds;
    const isLong = faults.length === 0 && Buffer.byteLength(renderInline(blueprint, directory)) > mostBytes;
    const sentence = `with its defaults larger than ${renderSize(mostBytes)}, expected files of their own for what it lays over the root`;
    return isLong ? [{ path, at: "key", sentence }] : faults;
  });
}

function placed(words: readonly string[], path: Path): readonly PlacedWord[] {
  return words.map((word, index) => ({ word, path: [...path, index] }));
}
