/**
 * YAML text → plain values, with the place of each. Only the plain part of YAML 1.2 is read: one document, no tags, no anchors,
 * no merging. A scalar is a number, true, false or null only when its spelling says nothing more, so 1.10, 0644 and 0x50 stay text.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { renderSize } from "../base/size.ts";
import type { Fault, Path } from "./fault.ts";

export interface YamlText {
  readonly value: unknown;
  readonly faults: readonly Fault[];
  /** The text is no YAML at all: `value` means nothing. Sentences with their offsets. */
  readonly broken: readonly { readonly offset: number; readonly sentence: string }[];
  /** Offset of the key or value at a path, or of the nearest thing around it. */
  offsetOf(path: Path, at: Fault["at"]): number;
  /** "line:column", both from 1. */
  renderPlace(offset: number): string;
}

/** How long a text may be, and what complaints say of it. */
export interface YamlBounds {
  /** "blueprint" */
  readonly what: string;
  readonly mostBytes: number;
  /** How long it should be. */
  readonly usual: string;
}

export const blueprintBounds: YamlBounds = { what: "blueprint", mostBytes: 256 * 1024, usual: "a blueprint is a page or two" };

const deepestNesting = 16;
// Tab and line feed are judged where text is used; bidirectional overrides make a file read otherwise than it is (CVE-2021-42574).
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

export function readYaml(text: string, bounds: YamlBounds = blueprintBounds): YamlText {
  if (Buffer.byteLength(text) > bounds.mostBytes) return brokenText(`larger than ${renderSize(bounds.mostBytes)}; ${bounds.usual}`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, merge: false, prettyErrors: false, logLevel: "error" });
  const reader = new Reader(lines, bounds.what);
  const value = reader.read(document.contents, [], 0);
  return {
    value,
    faults: reader.faults,
    broken: document.errors
      .slice(0, 20)
      .map((error) => ({ offset: error.pos[0], sentence: yamlSentence(error.code, error.message, bounds.what) })),
    offsetOf: (path, at) => reader.offsetOf(path, at),
    renderPlace: (offset) => renderPlace(lines, offset),
  };
}

function brokenText(sentence: string): YamlText {
  return { value: undefined, faults: [], broken: [{ offset: 0, sentence }], offsetOf: () => 0, renderPlace: () => "1:1" };
}

function renderPlace(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

function yamlSentence(code: string, message: string, what: string): string {
  if (code === "MULTIPLE_DOCS") return `found a second document, expected one ${what} in one file`;
  if (code === "RESOURCE_EXHAUSTION") return `nested too deeply to be a ${what}`;
  const [first = message] = message.split("\n");
  return `not YAML: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

/** Walks the syntax tree once, keeping the place of every key and value. */
class Reader {
  readonly faults: Fault[] = [];
  readonly #lines: LineCounter;
  readonly #what: string;
  readonly #offsets = new Map<string, { readonly key?: number; readonly value: number }>();

  constructor(lines: LineCounter, what: string) {
    this.#lines = lines;
    this.#what = what;
  }

  offsetOf(path: Path, at: Fault["at"]): number {
    const offsets = this.#offsets.get(JSON.stringify(path));
    if (offsets !== undefined) return at === "key" ? (offsets.key ?? offsets.value) : offsets.value;
    return path.length === 0 ? 0 : this.offsetOf(path.slice(0, -1), "key");
  }

  read(node: Node | null | undefined, path: Path, depth: number, key?: number): unknown {
    this.#offsets.set(JSON.stringify(path), { ...(key === undefined ? {} : { key }), value: startOf(node) ?? key ?? 0 });
    if (!node) return null;
    if (isAlias(node)) return this.#fault(path, "aliases are not read; write it out where it is needed");
    if (node.tag !== undefined) return this.#fault(path, `tags such as ${node.tag.slice(0, 40)} are not read`);
    if (depth > deepestNesting) return this.#fault(path, `nested too deeply to be a ${this.#what}`);
    if (isScalar(node)) return this.#readScalar(node, path);
    if (isMap(node)) return this.#readMap(node, path, depth);
    return isSeq(node) ? this.#readList(node, path, depth) : null;
  }

  #readScalar(node: Scalar, path: Path): unknown {
    if (node.anchor !== undefined) return this.#fault(path, "anchors are not read; write it out where it is needed");
    const { value, source } = node;
    if (value === null || typeof value === "boolean" || typeof value === "number") {
      return value === null || source === undefined || String(value) === source ? value : source;
    }
    const text = String(value);
    this.#checkText(text, path, "value");
    return text;
  }

  #readList(node: YAMLSeq, path: Path, depth: number): unknown {
    // A list holds nodes; only hand-made documents hold anything else.
    return node.items.map((item, index) => this.read(item as Node | null, [...path, index], depth + 1));
  }

  #readMap(node: YAMLMap, path: Path, depth: number): unknown {
    const value: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const pair of node.items) {
      const { name, offset } = this.#readKey(pair, path);
      if (name === undefined) continue;
      const here = [...path, name];
      const before = seen.get(name);
      if (before !== undefined) {
        const { line } = this.#lines.linePos(before);
        this.faults.push({ path: here, at: "key", sentence: `given twice, first in line ${line}` });
        continue;
      }
      seen.set(name, offset);
      value[name] = this.read(pair.value as Node | null, here, depth + 1, offset);
    }
    return value;
  }

  /** `name` is undefined for a key that no file of ours can have; it has been reported then. */
  #readKey(pair: Pair, path: Path): { name: string | undefined; offset: number } {
    const key = pair.key;
    const offset = startOf(key) ?? this.offsetOf(path, "value");
    if (!isScalar(key) || key.tag !== undefined || key.anchor !== undefined) {
      this.#fault(path, "found a key that is no plain text");
      return { name: undefined, offset };
    }
    const name = key.source ?? String(key.value ?? "");
    // Setting it would change the object's prototype instead of adding a key.
    if (name === "__proto__") {
      this.#fault(path, 'unknown key "__proto__"');
      return { name: undefined, offset };
    }
    this.#checkText(name, path, "value");
    return { name, offset };
  }

  #checkText(text: string, path: Path, at: Fault["at"]): void {
    const found = unprintable.exec(text)?.[0];
    if (found === undefined && text.isWellFormed()) return;
    const code = (found ?? "\ufffd").charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    this.faults.push({ path, at, sentence: found === undefined ? "half a letter (a lone surrogate)" : `unprintable character U+${code}` });
  }

  #fault(path: Path, sentence: string): null {
    this.faults.push({ path, at: "value", sentence });
    return null;
  }
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
