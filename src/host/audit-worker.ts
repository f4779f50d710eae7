/** The thread that reads audit records: joins them to events, keeps those of our ISCs, as many of each as its limit allows. */
import type { AuditBatch, AuditOptions, IdSpan } from "./audit.ts";
import { AuditAssembly } from "./kernel/audit/audit-assembly.ts";
import type { AuditEvent } from "./kernel/audit/audit-event.ts";
import { AuditLimits, type LimitedEvent } from "./kernel/audit/audit-limits.ts";
import { auditTypes, parseAuditRecord, textField } from "./kernel/audit/audit-record.ts";
import { NETLINK_AUDIT } from "./kernel/audit/audit-wire.ts";
import { NetlinkListener } from "./kernel/netlink-listener.ts";
import { type Listening, listenInThread } from "./listener-thread.ts";

/** AUDIT_NLGRP_READLOG as a mask. */
const readLog = 1;
const waitingBytes = 8 * 1024 * 1024;
const gatherMs = 100;
/** How long before counted refusals are looked at again. */
const repeatMs = 1_000;
const headerBytes = 16;

class Reader {
  readonly #listener: NetlinkListener;
  readonly #listening: Listening<AuditOptions, AuditBatch>;
  readonly #limits: AuditLimits;
  readonly #assembly = new AuditAssembly();
  readonly #ignored: ReadonlySet<string>;
  #events: (LimitedEvent & { slot: number })[] = [];
  #changedKeys: string[] = [];
  #lost = 0;

  constructor(listener: NetlinkListener, listening: Listening<AuditOptions, AuditBatch>) {
    this.#listener = listener;
    this.#listening = listening;
    this.#limits = new AuditLimits(listening.options.limit);
    this.#ignored = new Set(listening.options.ignoredPrograms);
  }

  readUntilStopped(): void {
    this.#listener.gather({ gatherMs, take: (datagram) => this.#take(datagram), tell: (nowMs) => this.#tell(nowMs) });
  }

  /** One record a datagram. The length in its header leaves the header out (kernel/audit.c, audit_log_end), so it is not asked. */
  #take(datagram: Buffer | "lost"): void {
    if (datagram === "lost") this.#lost += 1;
    if (datagram === "lost" || datagram.length < headerBytes) return;
    const record = parseAuditRecord(datagram.readUInt16LE(4), datagram.toString("utf8", headerBytes));
    if (!record) return;
    if (record.type === auditTypes.config) this.#changedKeys.push(textField(record, "key") ?? "");
    const event = this.#assembly.add(record);
    if (event) this.#note(event);
  }

  #note(event: AuditEvent): void {
    const slot = this.#slotOf(event);
    if (slot === undefined || this.#ignored.has(event.program)) return;
    const passed = this.#limits.pass(String(slot), event, performance.now());
    if (passed) this.#events.push({ ...passed, slot });
  }

  #tell(nowMs: number): number {
    for (const repeated of this.#limits.repeated(nowMs)) {
      const slot = this.#slotOf(repeated.event);
      if (slot !== undefined) this.#events.push({ ...repeated, slot });
    }
    const dropped = this.#limits.takeDropped();
    if (this.#events.length > 0 || this.#lost > 0 || this.#changedKeys.length > 0 || Object.keys(dropped).length > 0)
      this.#listening.tell({ events: this.#events, dropped, lost: this.#lost, changedKeys: [...new Set(this.#changedKeys)] });
    this.#events = [];
    this.#changedKeys = [];
    this.#lost = 0;
    return this.#limits.isWaiting ? repeatMs : Number.POSITIVE_INFINITY;
  }

  #slotOf({ loginUid, uid }: AuditEvent): number | undefined {
    const { loginUids, allLoginUids, uids, uidsEach } = this.#listening.options;
    if (within(allLoginUids, loginUid) !== undefined) return within(loginUids, loginUid);
    const offset = within(uids, uid);
    return offset === undefined ? undefined : Math.floor(offset / uidsEach);
  }
}

function within({ first, count }: IdSpan, id: number): number | undefined {
  return id >= first && id < first + count ? id - first : undefined;
}

listenInThread<AuditOptions, AuditBatch>((listening) => {
  using listener = new NetlinkListener({ protocol: NETLINK_AUDIT, groups: readLog, waitingBytes, stop: listening.stop });
  listening.listening();
  new Reader(listener, listening).readUntilStopped();
});
