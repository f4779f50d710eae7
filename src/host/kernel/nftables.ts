/** Firewall rules through libnftables, in process. See libnftables(3). */
import { closeSync } from "node:fs";
import { Problem } from "../../base/problem.ts";
import { bind, callLibc, KernelError, type NativeFunction } from "./libc.ts";

const OUTPUT_JSON = 1 << 4;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0x80003;
const NETLINK_NETFILTER = 12;

/** For whoever finds that the kernel lacks it. */
const nftablesHint = "modprobe nf_tables, or a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET";

/** Commands that nft refused; `complaint` is nft's own text. */
export class NftError extends Error {
  override readonly name = "NftError";
  readonly complaint: string;

  constructor(complaint: string) {
    super(`nft: ${complaint || "the commands were refused without a word"}`);
    this.complaint = complaint;
  }
}

/**
 * A handle on nftables of one network namespace: the one the thread is in when this is made, since that opens the netlink socket.
 * Use it in that namespace only: on an interrupted listing the library opens its socket anew. Calls block the thread.
 * Release with `using`. Throws Problem HOST_INCAPABLE when the kernel has no netfilter or no nf_tables, Error when the library is not installed,
 * NftError when commands are refused.
 */
export class Nftables implements Disposable {
  #context: unknown;

  constructor() {
    assertNetfilter();
    const context = nft("void *nft_ctx_new(unsigned int flags)")(0);
    if (!context) throw new Error("cannot open nftables: no netlink socket");
    nft("int nft_ctx_buffer_output(void *context)")(context);
    nft("int nft_ctx_buffer_error(void *context)")(context);
    this.#context = context;
  }

  /** Runs commands in nft's own language as one transaction: all of them or none. */
  run(commands: string): void {
    this.#execute(commands, 0);
  }

  /** Asks whether the commands would be accepted, changing nothing. */
  check(commands: string): void {
    const context = this.#live();
    const setDryRun = nft("void nft_ctx_set_dry_run(void *context, bool dry)");
    setDryRun(context, true);
    try {
      this.#execute(commands, 0);
    } finally {
      setDryRun(context, false);
    }
  }

  /** Runs list commands and answers libnftables-json(5); undefined when nft printed nothing. */
  runJson(commands: string): unknown {
    const output = this.#execute(commands, OUTPUT_JSON);
    return output === "" ? undefined : JSON.parse(output);
  }

  /** Safe to repeat. */
  close(): void {
    if (this.#context) nft("void nft_ctx_free(void *context)")(this.#context);
    this.#context = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #execute(commands: string, outputFlags: number): string {
    const context = this.#live();
    nft("void nft_ctx_output_set_flags(void *context, unsigned int flags)")(context, outputFlags);
    const status = Number(nft("int nft_run_cmd_from_buffer(void *context, const char *commands)")(context, commands));
    // Both buffers start afresh only when read.
    const output = String(nft("const char *nft_ctx_get_output_buffer(void *context)")(context) ?? "");
    const complaint = String(nft("const char *nft_ctx_get_error_buffer(void *context)")(context) ?? "");
    if (status !== 0) throw explain(new NftError(complaint.trim()));
    return output;
  }

  #live(): unknown {
    if (!this.#context) throw new Error("nftables is closed");
    return this.#context;
  }
}

/** Asked before the library is: without netfilter it ends the whole process (netlink_init_error in nftables' src/mnl.c). */
function assertNetfilter(): void {
  try {
    closeSync(
      callLibc("int socket(int domain, int type, int protocol)", [AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER], () => "open netfilter"),
    );
  } catch (error) {
    throw cannotUse(error);
  }
}

/** A kernel that has netfilter but not nf_tables does not know the question for its generation, the first that the library asks. */
function explain(error: NftError): Error {
  return /cache initialization failed: Invalid argument/.test(error.complaint) ? cannotUse(error) : error;
}

function cannotUse(cause: unknown): Problem {
  const words = cause instanceof KernelError || cause instanceof NftError ? cause.message : String(cause);
  return new Problem("HOST_INCAPABLE", `cannot use nftables: ${words}`, { cause, hint: nftablesHint });
}

function nft(prototype: string): NativeFunction {
  return bind("libnftables.so.1", prototype);
}
