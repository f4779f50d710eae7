/**
 * Records as the kernel's audit writes them (audit_log_format in kernel/audit.c): `audit(SECONDS.MILLISECONDS:SERIAL): name=value …`.
 * What an intruder chose (names, arguments, paths) is in quotes, or in hexadecimal where it holds a quote, a space or anything unprintable.
 * Pure.
 */

/** Types of messages, linux/audit.h. */
export const auditTypes = {
  login: 1006,
  syscall: 1300,
  path: 1302,
  config: 1305,
  cwd: 1307,
  execve: 1309,
  endOfEvent: 1320,
  seccomp: 1326,
  proctitle: 1327,
} as const;

export interface AuditRecord {
  readonly type: number;
  /** Records of one event have the same. */
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** Undefined for what is no record. */
export function parseAuditRecord(type: number, text: string): AuditRecord | undefined {
  const head = /^audit\((\d+)\.(\d{3}):(\d+)\): ?/.exec(text);
  if (!head) return undefined;
  return {
    type,
    serial: Number(head[3]),
    timeMs: Number(head[1]) * 1_000 + Number(head[2]),
    fields: parseFields(text.slice(head[0].length)),
  };
}

/** Of a repeated name the first counts: what follows the kernel's own words cannot overrule them. */
function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of text.matchAll(/([A-Za-z0-9_[\]-]+)=(?:"([^"]*)"|(\S*))/g)) {
    if (!fields.has(name)) fields.set(name, quoted === undefined ? plain : `"${quoted}`);
  }
  return fields;
}

/** A field in the kernel's own words: a number, a word. */
export function plainField({ fields }: AuditRecord, name: string): string | undefined {
  const value = fields.get(name);
  return value?.startsWith('"') ? value.slice(1) : value;
}

export function numberField(record: AuditRecord, name: string): number | undefined {
  const value = plainField(record, name);
  return value === undefined || !/^-?\d+$/.test(value) ? undefined : Number(value);
}

/** A field that an intruder may have chosen, decoded. */
export function textField({ fields }: AuditRecord, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined || value === "(null)") return undefined;
  if (value.startsWith('"')) return value.slice(1);
  return decodeHex(value) ?? value;
}

function decodeHex(value: string): string | undefined {
  return value.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(value) ? Buffer.from(value, "hex").toString("utf8") : undefined;
}

/** The arguments of EXECVE records. A long one comes in pieces (a1_len, a1[0], a1[1], …), perhaps over several records. */
export function joinArguments(records: readonly AuditRecord[]): readonly string[] {
  const count = Math.min(Number(plainField(records[0] ?? noRecord, "argc") ?? 0), mostArguments);
  return Array.from({ length: count }, (_, index) => findArgument(records, index) ?? "");
}

/** More are cut: a command line for people and rules, not an archive. */
const mostArguments = 64;
const mostPieces = 64;
const noRecord: AuditRecord = { type: 0, serial: 0, timeMs: 0, fields: new Map() };

function findArgument(records: readonly AuditRecord[], index: number): string | undefined {
  for (const record of records) {
    const whole = textField(record, `a${index}`);
    if (whole !== undefined) return whole;
  }
  const pieces: string[] = [];
  for (let piece = 0; piece < mostPieces; piece += 1) {
    const name = `a${index}[${piece}]`;
    const holder = records.find(({ fields }) => fields.has(name));
    const value = holder?.fields.get(name);
    if (value === undefined) break;
    pieces.push(value);
  }
  if (pieces.length === 0) return undefined;
  // Either all of an argument is in hexadecimal or none of it, and a piece may end within a character.
  if (pieces.every((piece) => piece.startsWith('"'))) return pieces.map((piece) => piece.slice(1)).join("");
  return decodeHex(pieces.join("")) ?? pieces.join("");
}
