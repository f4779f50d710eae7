/** The contract: every row and its check. A decision that reads as its list of checks. */
import { type ContractRow, contractRows, type Finding } from "../../model/finding.ts";
import type { Check } from "./answer.ts";
import { checkAuditOn } from "./check-audit-on.ts";
import { checkCapsNone } from "./check-caps-none.ts";
import { checkExecSealed } from "./check-exec-sealed.ts";
import { checkFilesMinimal } from "./check-files-minimal.ts";
import { checkIdentityUnique } from "./check-identity-unique.ts";
import { checkKernelMasked } from "./check-kernel-masked.ts";
import { checkLedgerChained } from "./check-ledger-chained.ts";
import { checkLimitCpu, checkLimitMemory, checkLimitPids } from "./check-limits.ts";
import { checkNetInbound } from "./check-net-inbound.ts";
import { checkNetOutbound } from "./check-net-outbound.ts";
import { checkNetSpoof } from "./check-net-spoof.ts";
import { checkNnp } from "./check-nnp.ts";
import { checkNsOwn } from "./check-ns-own.ts";
import { checkRootSealed } from "./check-root-sealed.ts";
import { checkRootSigned } from "./check-root-signed.ts";
import { checkScratchEncrypted } from "./check-scratch-encrypted.ts";
import { checkScratchQuota } from "./check-scratch-quota.ts";
import { checkSeccomp } from "./check-seccomp.ts";
import { checkUidRange } from "./check-uid-range.ts";
import { checkWriteDeclared } from "./check-write-declared.ts";
import { checkWriteNoexec } from "./check-write-noexec.ts";
import { checkWx } from "./check-wx.ts";
import type { IscFacts } from "./facts.ts";

const checks: Readonly<Record<ContractRow, Check>> = {
  "net.inbound": checkNetInbound,
  "net.outbound": checkNetOutbound,
  "net.spoof": checkNetSpoof,
  "files.minimal": checkFilesMinimal,
  "root.sealed": checkRootSealed,
  "root.signed": checkRootSigned,
  "write.noexec": checkWriteNoexec,
  "write.declared": checkWriteDeclared,
  "kernel.masked": checkKernelMasked,
  "ns.own": checkNsOwn,
  "uid.range": checkUidRange,
  "caps.none": checkCapsNone,
  nnp: checkNnp,
  seccomp: checkSeccomp,
  wx: checkWx,
  "exec.sealed": checkExecSealed,
  "limit.memory": checkLimitMemory,
  "limit.cpu": checkLimitCpu,
  "limit.pids": checkLimitPids,
  "scratch.quota": checkScratchQuota,
  "scratch.encrypted": checkScratchEncrypted,
  "identity.unique": checkIdentityUnique,
  "audit.on": checkAuditOn,
  "ledger.chained": checkLedgerChained,
};

/** One finding for every row, in the contract's order. */
export function checkContract(facts: IscFacts): readonly Finding[] {
  return contractRows.map((row) => ({ isc: facts.record.name, row, ...checks[row](facts) }));
}
