/** What the dock knows and does about the kernel's audit: its own rules, whether it is heard, and whose sessions are expected. */
import type { Host } from "../../host/host.ts";
import type { AuditLevel } from "../../model/dock-config.ts";
import type { DockIdentity } from "../../model/identity.ts";
import type { AuditFacts } from "../../plan/checks/facts.ts";
import type { ExpectedSession } from "../../plan/watch/audit-words.ts";
import { type AuditRuleText, auditKey, renderAuditRules } from "../../render/audit-rules.ts";
import { runtimePrograms } from "../../tools/oci-runtime.ts";

/** Sessions that were expected and never seen, because audit could not be read. */
const mostExpected = 256;

export class AuditState {
  readonly #host: Host;
  readonly #dock: DockIdentity;
  readonly #level: AuditLevel;
  readonly #expected = new Map<number, ExpectedSession>();
  #heard: string | true = "the audit sensor was not started";
  #enabledHere = false;

  constructor(host: Host, dock: DockIdentity, level: AuditLevel) {
    this.#host = host;
    this.#dock = dock;
    this.#level = level;
  }

  /** @param heard true, or why nothing is heard */
  setHeard(heard: string | true): void {
    this.#heard = heard;
  }

  get isHeard(): boolean {
    return this.#heard === true;
  }

  /**
   * Puts the dock's rules into the kernel, and enables audit where it is off. Safe to repeat. Rules and settings of others stay as they are.
   * Throws KernelError: EPERM in a container, or when the rules are locked until the next boot.
   * @returns whether audit had been off
   */
  ensureRules(): boolean {
    using control = new this.#host.kernel.audit.AuditControl();
    const { enabled } = control.readStatus();
    if (!enabled) {
      control.setEnabled(true);
      this.#enabledHere = true;
    }
    const key = auditKey(this.#dock);
    const wanted = this.#wanted();
    control.deleteRules(control.compareRules(key, wanted).extra);
    // One at least, for a moment: that the kernel tells of it shows who hears it.
    const one = renderAuditRules(this.#dock, runtimePrograms.runsc).slice(0, 1);
    for (const rule of wanted.length > 0 ? wanted : one) control.addRule(rule);
    if (wanted.length === 0) control.deleteRules(control.compareRules(key, []).extra);
    return !enabled;
  }

  /** Takes the dock's rules out. Audit is disabled again when this dock has enabled it and nobody else has any use for it. */
  removeRules(): void {
    using control = new this.#host.kernel.audit.AuditControl();
    control.deleteRules(control.compareRules(auditKey(this.#dock), []).extra);
    if (!this.#enabledHere) return;
    const { pid, locked } = control.readStatus();
    if (pid === 0 && !locked && control.listRules().length === 0) control.setEnabled(false);
  }

  /** How the kernel stands to the rules, now. Throws KernelError where there is no audit. */
  look(): AuditFacts {
    using control = new this.#host.kernel.audit.AuditControl();
    const key = auditKey(this.#dock);
    const wanted = this.#wanted();
    const { missing, extra } = control.compareRules(key, wanted);
    return {
      key,
      level: this.#level,
      enabled: control.readStatus().enabled,
      rules: wanted.length,
      missing,
      extra: extra.length,
      heard: this.#heard,
    };
  }

  #wanted(): readonly AuditRuleText[] {
    return this.#level === "light" ? [] : renderAuditRules(this.#dock, runtimePrograms.runsc);
  }

  readLost(): number {
    using control = new this.#host.kernel.audit.AuditControl();
    return control.readStatus().lost;
  }

  /** @param pid of the program that will give itself the ISC's login id */
  expectSession(pid: number, session: ExpectedSession): void {
    if (!this.isHeard) return;
    this.#expected.set(pid, session);
    const oldest = this.#expected.keys().next();
    if (this.#expected.size > mostExpected && !oldest.done) this.#expected.delete(oldest.value);
  }

  takeExpected(pid: number): ExpectedSession | undefined {
    const session = this.#expected.get(pid);
    this.#expected.delete(pid);
    return session;
  }
}
