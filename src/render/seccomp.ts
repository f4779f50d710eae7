/** The seccomp part of an OCI configuration, from a profile of ours and an ISC's rights. */
import { createHash } from "node:crypto";
import type { Rights } from "../model/blueprint.ts";
import type { Manifest } from "../model/image.ts";
import type { SeccompComparison, SeccompCondition, SeccompFragment, SeccompProfile } from "../model/seccomp-profile.ts";

/** OCI runtime specification 1.0.2, config-linux.md, "Seccomp". */
export interface OciSeccomp {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  /** Refusals are told to the kernel's audit. Only of runtimes that know flags: runc does from 1.2 on, and refuses the whole bundle before. */
  readonly flags?: readonly "SECCOMP_FILTER_FLAG_LOG"[];
  readonly syscalls: readonly OciSyscall[];
}

export interface OciSyscall {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly OciSyscallArgument[];
}

interface OciSyscallArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_NE" | "SCMP_CMP_GT" | "SCMP_CMP_MASKED_EQ";
}

export interface SeccompInput {
  readonly profile: SeccompProfile;
  /** profiles/seccomp/write-xor-execute.json */
  readonly wxFragment: SeccompFragment;
  readonly rights: Rights;
  readonly architecture: Manifest["architecture"];
  /** The runtime can ask the kernel to tell refusals. */
  readonly isTold?: boolean;
}

/**
 * One architecture alone: a call through the i386 or x32 entry would carry other numbers past the filter, so it kills the process.
 * Each call gets rules from one source only, since libseccomp lets an unconditional rule swallow the conditional ones of the same call:
 * the fragment before declared rights before the profile.
 */
export function renderSeccomp({ profile, wxFragment, rights, architecture, isTold = false }: SeccompInput): OciSeccomp {
  const fragment = rights.writableCode ? [] : wxFragment.conditions;
  const taken = new Set(fragment.flatMap(({ names }) => names));
  const granted = [...rights.syscalls, ...rights.capabilities.flatMap((capability) => profile.capabilities[capability] ?? [])];
  const declared = take(taken, granted);
  const conditions = profile.conditions
    .map((condition) => ({ ...condition, names: condition.names.filter((name) => !taken.has(name)) }))
    .filter(({ names }) => names.length > 0);
  for (const { names } of conditions) for (const name of names) taken.add(name);
  const refused = profile.refuse.map(({ names, errno }) => ({ names: take(taken, names), errno }));
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: errnos[profile.unnamed],
    architectures: [architectureNames[architecture]],
    ...(isTold && { flags: ["SECCOMP_FILTER_FLAG_LOG"] as const }),
    syscalls: [
      { names: [...declared, ...take(taken, profile.allow)].sort(), action: "SCMP_ACT_ALLOW" },
      ...refused.filter(({ names }) => names.length > 0).map(({ names, errno }) => ({ names, ...renderVerdict(errno) })),
      ...[...fragment, ...conditions].flatMap(renderCondition),
    ],
  };
}

/** SHA-256, hexadecimal, over what the runtime is given: the same filter has the same hash. */
export function hashSeccomp(seccomp: OciSeccomp): string {
  return createHash("sha256").update(JSON.stringify(seccomp)).digest("hex");
}

/** asm-generic/errno*.h; the same numbers on x86-64 and arm64. */
const errnos = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
const architectureNames = { amd64: "SCMP_ARCH_X86_64", arm64: "SCMP_ARCH_AARCH64" } as const;
const operators = { "=": "SCMP_CMP_EQ", "!=": "SCMP_CMP_NE", ">": "SCMP_CMP_GT" } as const;

/** The names that no earlier rule has, each once. */
function take(taken: Set<string>, names: readonly string[]): readonly string[] {
  return names.filter((name) => {
    if (taken.has(name)) return false;
    taken.add(name);
    return true;
  });
}

function renderCondition({ names, answer, when }: SeccompCondition): readonly OciSyscall[] {
  return when.map((comparisons) => ({ names, ...renderVerdict(answer), args: comparisons.map(renderComparison) }));
}

function renderVerdict(verdict: SeccompCondition["answer"]): Pick<OciSyscall, "action" | "errnoRet"> {
  return verdict === "allow" ? { action: "SCMP_ACT_ALLOW" } : { action: "SCMP_ACT_ERRNO", errnoRet: errnos[verdict] };
}

function renderComparison(comparison: SeccompComparison): OciSyscallArgument {
  const { argument: index, value } = comparison;
  if ("mask" in comparison) return { index, value: comparison.mask, valueTwo: value, op: "SCMP_CMP_MASKED_EQ" };
  return { index, value, op: operators[comparison.is] };
}
