/** Rules and state of the kernel's audit, over a netlink socket of our own. It is the host's: only rules with our own key are ever touched. */
import { closeSync } from "node:fs";
import { callLibc, KernelError } from "../libc.ts";
import { encodeRequests, type NetlinkMessage, NLM_F_ACK, NLMSG_DONE, NLMSG_ERROR, parseAck, parseMessages } from "../netlink-message.ts";
import {
  AUDIT_ADD_RULE,
  AUDIT_DEL_RULE,
  AUDIT_GET,
  AUDIT_LIST_RULES,
  AUDIT_SET,
  type AuditRule,
  type AuditStatus,
  encodeAuditRule,
  encodeEnabled,
  keyOfRule,
  NETLINK_AUDIT,
  parseAuditStatus,
} from "./audit-wire.ts";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const RECEIVE_BYTES = 64 * 1024;

/** Release with `using`. Throws KernelError: EPROTONOSUPPORT without audit in the kernel, EPERM or ECONNREFUSED in a container. */
export class AuditControl implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  #sequence = 1;

  constructor() {
    const open = () => "open audit";
    this.#fd = callLibc("int socket(int domain, int type, int protocol)", [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_AUDIT], open);
    const patience = Buffer.from(new BigInt64Array([5n, 0n]).buffer);
    const setOption = "int setsockopt(int fd, int level, int name, const void *value, unsigned int length)";
    callLibc(setOption, [this.#fd, SOL_SOCKET, SO_RCVTIMEO, patience, patience.length], open);
  }

  readStatus(): AuditStatus {
    const answer = this.#ask(AUDIT_GET, Buffer.alloc(0), "read the state of audit").find(({ type }) => type === AUDIT_GET);
    if (!answer) throw new Error("cannot read the state of audit: the kernel does not answer");
    return parseAuditStatus(answer.payload);
  }

  setEnabled(enabled: boolean): void {
    this.#ask(AUDIT_SET, encodeEnabled(enabled), enabled ? "enable audit" : "disable audit");
  }

  /** Safe to repeat. */
  addRule(rule: AuditRule): void {
    this.#change(AUDIT_ADD_RULE, encodeAuditRule(rule, process.arch), "add an audit rule", "EEXIST");
  }

  /** Every rule of the host as the kernel packs it. */
  listRules(): readonly Buffer[] {
    return this.#ask(AUDIT_LIST_RULES, Buffer.alloc(0), "list audit rules")
      .filter(({ type }) => type === AUDIT_LIST_RULES)
      .map(({ payload }) => payload);
  }

  /** How the rules under a key stand to those that should be there: how many lack, and which are too many. */
  compareRules(key: string, wanted: readonly AuditRule[]): { readonly missing: number; readonly extra: readonly Buffer[] } {
    const listed = this.listRules().filter((rule) => keyOfRule(rule) === key);
    const packed = wanted.map((rule) => encodeAuditRule(rule, process.arch));
    const lacks = (rules: readonly Buffer[], rule: Buffer) => !rules.some((other) => other.equals(rule));
    return {
      missing: packed.filter((rule) => lacks(listed, rule)).length,
      extra: listed.filter((rule) => lacks(packed, rule)),
    };
  }

  /** Safe to repeat. */
  deleteRules(rules: readonly Buffer[]): void {
    for (const rule of rules) this.#change(AUDIT_DEL_RULE, rule, "delete an audit rule", "ENOENT");
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #change(type: number, payload: Buffer, what: string, harmless: string): void {
    try {
      this.#ask(type, payload, what);
    } catch (error) {
      if (!(error instanceof KernelError && error.code === harmless)) throw error;
    }
  }

  /** Answers come before or after the acknowledgement: a list ends with NLMSG_DONE, everything else when both are there. */
  #ask(type: number, payload: Buffer, what: string): readonly NetlinkMessage[] {
    const sequence = this.#sequence++;
    const bytes = encodeRequests([{ type, flags: NLM_F_ACK, payload, what, harmless: [] }], sequence);
    callLibc("long send(int fd, const void *bytes, size_t length, int flags)", [this.#fd, bytes, bytes.length, 0], () => what);
    const answers: NetlinkMessage[] = [];
    let acknowledged = false;
    const isWhole = () => {
      if (!acknowledged) return false;
      if (type === AUDIT_LIST_RULES) return answers.some((answer) => answer.type === NLMSG_DONE);
      return type !== AUDIT_GET || answers.length > 0;
    };
    while (!isWhole()) {
      for (const message of this.#receive(what)) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_ERROR) {
          const { errno, text } = parseAck(message);
          if (errno !== 0) throw new KernelError(what, errno, text);
          acknowledged = true;
        } else answers.push({ ...message, payload: Buffer.from(message.payload) });
      }
    }
    return answers;
  }

  #receive(what: string): readonly NetlinkMessage[] {
    const receive = "long recv(int fd, void *bytes, size_t length, int flags)";
    const length = callLibc(receive, [this.#fd, this.#buffer, this.#buffer.length, 0], () => what);
    return parseMessages(this.#buffer.subarray(0, length));
  }
}
