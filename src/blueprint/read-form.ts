/** Text of a YAML file an operator wrote → a checked form, or one sentence for each mistake, with its line and column. */
import type { z } from "zod";
import { explainIssues } from "./explain-issues.ts";
import { type Fault, renderPath } from "./fault.ts";
import { readYaml, type YamlBounds, type YamlText } from "./read-yaml.ts";

export interface FormText {
  readonly text: string;
  /** What complaints call the file: "web.yaml". */
  readonly file: string;
  /** A blueprint's when absent. */
  readonly bounds?: YamlBounds;
}

// A page of mistakes is enough to begin with.
const mostShown = 50;

export type FormAnswer<Data> =
  | { readonly kind: "read"; readonly data: Data }
  | { readonly kind: "refused"; readonly lines: readonly string[] };

/** @param judge what is wrong though every part of it is right */
export function readForm<Form extends z.ZodType>(
  form: Form,
  { text, file, bounds }: FormText,
  judge: (data: z.output<Form>) => readonly Fault[] = () => [],
): FormAnswer<z.output<Form>> {
  const yaml = readYaml(text, bounds);
  if (yaml.broken.length > 0) {
    return { kind: "refused", lines: yaml.broken.map(({ offset, sentence }) => `${file}:${yaml.renderPlace(offset)}: ${sentence}`) };
  }
  const parsed = form.safeParse(yaml.value);
  const faults = [...yaml.faults, ...withoutEchoes(yaml.faults, explainIssues(form, yaml.value, parsed.error?.issues ?? []))];
  if (parsed.success) faults.push(...judge(parsed.data));
  if (parsed.success && faults.length === 0) return { kind: "read", data: parsed.data };
  return { kind: "refused", lines: shorten(renderFaults(faults, yaml, file)) };
}

/** What could not be read is also not as expected; saying so twice helps nobody. */
function withoutEchoes(unread: readonly Fault[], faults: readonly Fault[]): readonly Fault[] {
  const places = new Set(unread.map(({ path }) => JSON.stringify(path)));
  const isEcho = ({ path }: Fault) => [...path.keys(), path.length].some((length) => places.has(JSON.stringify(path.slice(0, length))));
  return places.size === 0 ? faults : faults.filter((fault) => !isEcho(fault));
}

function shorten(lines: readonly string[]): readonly string[] {
  return lines.length > mostShown ? [...lines.slice(0, mostShown), "and more"] : lines;
}

function renderFaults(faults: readonly Fault[], yaml: YamlText, file: string): string[] {
  const placed = faults
    .map((fault) => ({ ...fault, offset: yaml.offsetOf(fault.path, fault.at) }))
    .sort((one, other) => one.offset - other.offset);
  return placed.map(({ offset, path, sentence }) =>
    [`${file}:${yaml.renderPlace(offset)}`, ...(path.length === 0 ? [] : [renderPath(path)]), sentence].join(": "),
  );
}
