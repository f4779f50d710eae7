/** Gathers the records of each event until the kernel says that it is whole. Pure but for what it holds. */
import { type AuditEvent, joinRecords } from "./audit-event.ts";
import { type AuditRecord, auditTypes } from "./audit-record.ts";

/** Events that may be open at a time: the kernel writes each in one go, so there are as many as processors; more have lost their end. */
const mostOpen = 64;
/** Records of one event; a command line of megabytes comes in hundreds. */
const mostRecords = 40;

export class AuditAssembly {
  readonly #open = new Map<number, AuditRecord[]>();

  /** Answers an event when the record completes one. */
  add(record: AuditRecord): AuditEvent | undefined {
    if (record.type === auditTypes.endOfEvent) return this.#close(record.serial);
    const records = this.#open.get(record.serial);
    if (records) {
      if (records.length < mostRecords) records.push(record);
      return undefined;
    }
    // A denied call or a login may be a single record, without an end.
    if (record.type === auditTypes.seccomp) return joinRecords([record]);
    if (!firstTypes.has(record.type)) return undefined;
    if (this.#open.size >= mostOpen) this.#open.delete(this.#open.keys().next().value ?? 0);
    this.#open.set(record.serial, [record]);
    return undefined;
  }

  #close(serial: number): AuditEvent | undefined {
    const records = this.#open.get(serial);
    this.#open.delete(serial);
    return records && joinRecords(records);
  }
}

const firstTypes = new Set<number>([auditTypes.syscall, auditTypes.login]);
