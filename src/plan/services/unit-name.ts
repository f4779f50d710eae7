/** Names of service units, template instances, and the `%` specifiers that stand for parts of them (systemd.unit(5), "Specifiers"). */

export interface UnitName {
  /** "postgresql@15-main.service" */
  readonly full: string;
  /** "postgresql": before the `@`, or the whole name without ".service". */
  readonly prefix: string;
  /** "15-main"; undefined for a unit that is no instance. */
  readonly instance: string | undefined;
  /** "postgresql@.service"; undefined for a unit that is no instance. */
  readonly template: string | undefined;
}

export function parseUnitName(name: string): UnitName {
  const full = name.endsWith(".service") ? name : `${name}.service`;
  const stem = full.slice(0, -".service".length);
  const at = stem.indexOf("@");
  if (at < 0) return { full, prefix: stem, instance: undefined, template: undefined };
  const instance = stem.slice(at + 1);
  const prefix = stem.slice(0, at);
  return instance === "" ? { full, prefix, instance: "", template: undefined } : { full, prefix, instance, template: `${prefix}@.service` };
}

/**
 * A specifier that is not known before the ISC runs (machine id, boot id) or not at all stays as written.
 * %u, %h and the like are those of the service manager, hence root's, whatever User= says.
 */
export function expandSpecifiers(text: string, unit: UnitName): string {
  return text.replace(/%([a-zA-Z%])/g, (whole, letter: string) => specifiers[letter]?.(unit) ?? whole);
}

const specifiers: Readonly<Record<string, (unit: UnitName) => string>> = {
  "%": () => "%",
  n: (unit) => unit.full,
  N: (unit) => unit.full.slice(0, -".service".length),
  p: (unit) => unit.prefix,
  P: (unit) => unescapeName(unit.prefix),
  i: (unit) => unit.instance ?? "",
  I: (unit) => unescapeName(unit.instance ?? ""),
  j: (unit) => lastPart(unit.prefix),
  J: (unit) => unescapeName(lastPart(unit.prefix)),
  f: (unit) => `/${unescapeName(unit.instance ?? unit.prefix)}`,
  t: () => "/run",
  S: () => "/var/lib",
  C: () => "/var/cache",
  L: () => "/var/log",
  E: () => "/etc",
  T: () => "/tmp",
  V: () => "/var/tmp",
  h: () => "/root",
  u: () => "root",
  U: () => "0",
  g: () => "root",
  G: () => "0",
  s: () => "/bin/sh",
  // The ISC's own host name is given to it at its start; what is written into the sealed image must fit every clone.
  H: () => "localhost",
  l: () => "localhost",
};

function lastPart(prefix: string): string {
  return prefix.slice(prefix.lastIndexOf("-") + 1);
}

/** systemd-escape(1) backwards: "-" is "/", "\x2d" a byte. */
function unescapeName(name: string): string {
  return name
    .replaceAll("-", "/")
    .replace(/\\x([0-9a-fA-F]{2})/g, (whole, hex: string) => (hex === "00" ? whole : String.fromCharCode(Number.parseInt(hex, 16))));
}
