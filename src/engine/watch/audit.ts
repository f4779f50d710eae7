/**
 * The audit sensor: what the processes of ISCs run, what is refused to them and what they try, as the kernel records it. Whose process it
 * was its login id says, which it cannot change (its uid where it has none of ours). Shares the host with auditd, and takes nobody's place.
 */
import { reasonOf } from "../../base/reason-of.ts";
import type { AuditBatch } from "../../host/audit.ts";
import { allLoginUids, identityOfSlot, loginUidBase, slotsPerDock } from "../../model/identity.ts";
import { instancesOf } from "../../model/isc.ts";
import { type AuditOwner, describeAudit, describeDropped, type ExpectedSession } from "../../plan/watch/audit-words.ts";
import { auditKey } from "../../render/audit-rules.ts";
import { runtimePrograms } from "../../tools/oci-runtime.ts";
import type { Engine } from "../engine.ts";

const limit = { burst: 400, perSecond: 40, sameMs: 10_000 };
const uidsEach = 65_536;
/** How long the kernel gets to say that it has our rules: the proof that we are heard. */
const echoPatienceMs = 2_000;
const mostSessions = 1_024;
/**
 * Before they become an ISC's first program, the OCI runtimes set up its walls under its login id. crun does it from a read-only mount of
 * itself that hangs nowhere, which the kernel writes as "/" (clone_self in crun's src/libcrun/cloned_binary.c), runc from a copy in memory.
 */
const ignoredPrograms = [...Object.values(runtimePrograms), "/usr/bin/nsenter", "/", "/memfd:runc_cloned:/proc/self/exe (deleted)"];

export async function startAudit(engine: Engine): Promise<AsyncDisposable> {
  const sensor = new AuditSensor(engine);
  const listener = await sensor.listen();
  return {
    [Symbol.asyncDispose]: async () => {
      engine.audit.setHeard("the dock is ending");
      await listener[Symbol.asyncDispose]();
      if (!engine.iscs.list().some(({ desired }) => desired === "running")) engine.audit.removeRules();
    },
  };
}

class AuditSensor {
  readonly #engine: Engine;
  readonly #echo = Promise.withResolvers<void>();
  readonly #sessions = new Map<number, ExpectedSession>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Throws Error where audit cannot be had or heard. */
  async listen(): Promise<AsyncDisposable> {
    const { host, dock, audit } = this.#engine;
    const count = slotsPerDock + 2;
    try {
      const listener = await host.audit(
        {
          loginUids: { first: loginUidBase(dock), count },
          allLoginUids,
          uids: { first: dock.uidBase, count: count * uidsEach },
          uidsEach,
          limit,
          ignoredPrograms,
        },
        { onMessage: (batch) => this.take(batch), onEnd: (reason) => this.#tellMissing(reason) },
      );
      await this.#ensureHeard(listener);
      audit.setHeard(true);
      return listener;
    } catch (error) {
      audit.setHeard(reasonOf(error));
      throw error;
    }
  }

  async #ensureHeard(listener: AsyncDisposable): Promise<void> {
    const { audit, host } = this.#engine;
    try {
      if (audit.ensureRules()) this.#tellEnabled();
      const late = host.sleep(echoPatienceMs).then((): never => {
        throw new Error("the kernel tells its audit records to nobody here: it does so in the host's own network namespace alone");
      });
      late.catch(() => undefined);
      await Promise.race([this.#echo.promise, late]);
    } catch (error) {
      await listener[Symbol.asyncDispose]();
      try {
        audit.removeRules();
      } catch {
        // What could not be put in is not there.
      }
      throw error;
    }
  }

  take({ events, dropped, lost, changedKeys }: AuditBatch): void {
    const key = auditKey(this.#engine.dock);
    if (changedKeys.includes(key)) this.#echo.resolve();
    const owners = new Map<number, AuditOwner | undefined>();
    const ownerOf = (slot: number) => {
      if (!owners.has(slot)) owners.set(slot, findOwner(this.#engine, slot));
      return owners.get(slot);
    };
    for (const { event, count, slot } of events) {
      const owner = ownerOf(slot);
      const session = event.kind === "login" ? this.#openSession(event.session, event.pid) : this.#sessions.get(event.session);
      const draft = owner && describeAudit(event, count, owner, session);
      if (draft) this.#engine.events.emit(draft);
    }
    for (const [slot, count] of Object.entries(dropped)) {
      const owner = ownerOf(Number(slot));
      if (owner) this.#engine.events.emit(describeDropped(owner, count));
    }
    if (lost > 0) this.#tellLost(lost);
  }

  #openSession(session: number, pid: number): ExpectedSession | undefined {
    const expected = this.#engine.audit.takeExpected(pid);
    if (!expected) return undefined;
    this.#sessions.set(session, expected);
    const oldest = this.#sessions.keys().next();
    if (this.#sessions.size > mostSessions && !oldest.done) this.#sessions.delete(oldest.value);
    return expected;
  }

  #tellEnabled(): void {
    this.#engine.events.emit({
      sensor: "audit",
      severity: "notice",
      kind: "audit.enabled",
      message: "the kernel's audit was off, and is on now for the rules of this dock",
      facts: { key: auditKey(this.#engine.dock) },
    });
  }

  #tellLost(lost: number): void {
    this.#engine.events.emit({
      sensor: "audit",
      severity: "warning",
      kind: "audit.dropped",
      message: "the kernel had no room for further audit records, of whichever ISC",
      facts: { overruns: lost, lostSinceBoot: this.#engine.audit.readLost() },
    });
  }

  #tellMissing(reason: string): void {
    this.#engine.audit.setHeard(reason);
    this.#engine.events.emit({
      sensor: "audit",
      severity: "warning",
      kind: "sensor.missing",
      message: `nothing more is seen of what ISCs run and try: ${reason}`,
      facts: { sensor: "audit", reason },
    });
  }
}

function findOwner({ iscs, dock }: Engine, slot: number): AuditOwner | undefined {
  for (const record of iscs.list()) {
    const instance = instancesOf(record).find((one) => one.slot === slot);
    if (instance) return { isc: record.name, image: instance.image, uidBase: identityOfSlot(dock, slot).uidBase };
  }
  return undefined;
}
