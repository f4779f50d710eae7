/** Unit files as systemd reads them (systemd.syntax(7)): sections, comments, continued lines, repeated settings and drop-ins. */
import { Problem } from "../../base/problem.ts";

export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** All assignments in the order in which they were read. */
export interface Unit {
  readonly settings: readonly Setting[];
}

const mostCharacters = 1_048_576;

/** Like systemd it passes over lines that mean nothing: no `=`, no section yet, a header without its bracket. */
export function parseUnit(text: string): Unit {
  if (text.length > mostCharacters)
    throw new Problem("SERVICE_UNUSABLE", `cannot read a unit file of more than ${mostCharacters} characters`);
  if (text.includes("\0")) throw new Problem("SERVICE_UNUSABLE", "cannot read a unit file: it holds a NUL byte");
  const settings: Setting[] = [];
  let section: string | undefined;
  for (const line of joinLines(text)) {
    if (line.startsWith("[")) {
      section = line.endsWith("]") ? line.slice(1, -1) : undefined;
      continue;
    }
    const equals = line.indexOf("=");
    if (equals <= 0 || section === undefined) continue;
    settings.push({ section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() });
  }
  return { settings };
}

/** The unit file that parses to the same settings. */
export function renderUnit(unit: Unit): string {
  let section: string | undefined;
  const lines: string[] = [];
  for (const setting of unit.settings) {
    if (setting.section !== section) lines.push(`[${setting.section}]`);
    section = setting.section;
    lines.push(`${setting.key}=${setting.value}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** The main unit first, then its drop-ins in the order of their file names: later assignments add to or replace earlier ones. */
export function mergeUnits(units: readonly Unit[]): Unit {
  return { settings: units.flatMap((unit) => unit.settings) };
}

/** Every value of a setting that may be repeated. An empty assignment forgets what came before it. */
export function listSettings(unit: Unit, section: string, ...keys: readonly string[]): readonly string[] {
  let values: string[] = [];
  for (const setting of unit.settings) {
    if (setting.section !== section || !keys.includes(setting.key)) continue;
    if (setting.value === "") values = [];
    else values.push(setting.value);
  }
  return values;
}

/** The value of a setting of which the last one counts; undefined when it is absent or was emptied. */
export function findSetting(unit: Unit, section: string, key: string): string | undefined {
  return listSettings(unit, section, key).at(-1);
}

/** systemd's booleans (parse_boolean): anything else counts as false here. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && ["1", "yes", "y", "true", "t", "on"].includes(value.toLowerCase());
}

/** Whole lines, trimmed: a line ending in a single backslash goes on after a space; comments are left out even between continued lines. */
function joinLines(text: string): readonly string[] {
  const lines: string[] = [];
  let continued = "";
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.trimStart();
    if (line.startsWith("#") || line.startsWith(";")) continue;
    const whole = continued + line;
    if (/(?<!\\)(?:\\\\)*\\$/.test(whole)) {
      continued = `${whole.slice(0, -1)} `;
      continue;
    }
    continued = "";
    if (whole.trim() !== "") lines.push(whole.trim());
  }
  return continued.trim() === "" ? lines : [...lines, continued.trim()];
}
