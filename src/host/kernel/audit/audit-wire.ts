/** What is said to the kernel's audit, and its answers; linux/audit.h, auditctl(8). Pure. Both supported machines are little-endian. */
import { findAuditArchitecture } from "./syscalls.ts";

export const NETLINK_AUDIT = 9;
export const AUDIT_GET = 1000;
export const AUDIT_SET = 1001;
export const AUDIT_ADD_RULE = 1011;
export const AUDIT_DEL_RULE = 1012;
export const AUDIT_LIST_RULES = 1013;

/** What may be asked of a rule's fields. */
const fieldNumbers = { uid: 1, auid: 9, arch: 11, exit: 103, success: 104, exe: 112, key: 210 } as const;
const operators = { "=": 0x4000_0000, ">=": 0x6000_0000, "<=": 0x5000_0000, "!=": 0x3000_0000 } as const;

export interface AuditField {
  readonly name: keyof typeof fieldNumbers;
  readonly is: keyof typeof operators;
  /** A word only for exe and key; a negative number for exit. */
  readonly value: number | string;
}

/** Of the list "exit", action "always". */
export interface AuditRule {
  /** By name; those that this machine does not have are left out. */
  readonly syscalls: readonly string[];
  readonly fields: readonly AuditField[];
}

export interface AuditStatus {
  readonly enabled: boolean;
  /** Rules can no longer be changed until the next boot. */
  readonly locked: boolean;
  /** Of auditd; 0 without one. */
  readonly pid: number;
  readonly backlogLimit: number;
  /** Records that the kernel had no room for, since boot. */
  readonly lost: number;
}

const FILTER_EXIT = 4;
const ACTION_ALWAYS = 2;
/** struct audit_rule_data: flags, action, field_count, mask, fields, values, fieldflags, buflen. */
const MASK_AT = 12;
const FIELDS_AT = MASK_AT + 64 * 4;
const VALUES_AT = FIELDS_AT + 64 * 4;
const FLAGS_AT = VALUES_AT + 64 * 4;
const LENGTH_AT = FLAGS_AT + 64 * 4;
const RULE_BYTES = LENGTH_AT + 4;

/** Throws Error on a machine whose system calls are not known. */
export function encodeAuditRule({ syscalls, fields: further }: AuditRule, machine: string): Buffer {
  const architecture = findAuditArchitecture(machine);
  if (!architecture) throw new Error(`cannot make an audit rule: the system calls of ${machine} are not known`);
  // The kernel wants the architecture first: the numbers mean nothing without.
  const fields: readonly AuditField[] = [{ name: "arch", is: "=", value: architecture.number }, ...further];
  const numbers = syscalls.map(architecture.numberOf).filter((number) => number !== undefined);
  const rule = Buffer.alloc(RULE_BYTES);
  rule.writeUInt32LE(FILTER_EXIT, 0);
  rule.writeUInt32LE(ACTION_ALWAYS, 4);
  rule.writeUInt32LE(fields.length, 8);
  for (const number of numbers) {
    const word = MASK_AT + (number >> 5) * 4;
    rule.writeUInt32LE((rule.readUInt32LE(word) | (1 << (number & 31))) >>> 0, word);
  }
  const words: Buffer[] = [];
  for (const [position, { name, is, value }] of fields.entries()) {
    const word = typeof value === "string" ? Buffer.from(value) : undefined;
    if (word) words.push(word);
    rule.writeUInt32LE(fieldNumbers[name], FIELDS_AT + position * 4);
    rule.writeUInt32LE((word ? word.length : Number(value)) >>> 0, VALUES_AT + position * 4);
    rule.writeUInt32LE(operators[is], FLAGS_AT + position * 4);
  }
  const text = Buffer.concat(words);
  rule.writeUInt32LE(text.length, LENGTH_AT);
  return Buffer.concat([rule, text]);
}

/** The key of a rule as the kernel lists it; undefined for one without. */
export function keyOfRule(listed: Buffer): string | undefined {
  if (listed.length < RULE_BYTES) return undefined;
  let at = RULE_BYTES;
  for (let position = 0; position < Math.min(listed.readUInt32LE(8), 64); position += 1) {
    const field = listed.readUInt32LE(FIELDS_AT + position * 4);
    if (!wordFields.has(field)) continue;
    const length = listed.readUInt32LE(VALUES_AT + position * 4);
    const word = listed.toString("utf8", at, at + length);
    if (field === fieldNumbers.key) return word;
    at += length;
  }
  return undefined;
}

/** Whose value is a length: subject and object labels, watch, dir, key, exe (audit_pack_string in the kernel's auditfilter.c). */
const wordFields = new Set([13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 105, 107, 210, 112]);

const MASK_ENABLED = 1;

/** struct audit_status with nothing but "enabled" to be set. */
export function encodeEnabled(enabled: boolean): Buffer {
  const status = Buffer.alloc(44);
  status.writeUInt32LE(MASK_ENABLED, 0);
  status.writeUInt32LE(enabled ? 1 : 0, 4);
  return status;
}

export function parseAuditStatus(payload: Buffer): AuditStatus {
  const [enabled, pid, backlogLimit, lost] = [4, 12, 20, 24].map((at) => (payload.length >= at + 4 ? payload.readUInt32LE(at) : 0));
  return { enabled: enabled !== 0, locked: enabled === 2, pid: pid ?? 0, backlogLimit: backlogLimit ?? 0, lost: lost ?? 0 };
}
