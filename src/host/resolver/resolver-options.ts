/** What a resolver is started with, and what its owner gets. */
import type { RefusalReport } from "./refusal-batch.ts";
import type { ResolverPolicy } from "./resolver-policy.ts";
import type { Resolution, ResolverLimits } from "./resolver-words.ts";

export interface ResolverPlace {
  /** File that its network namespace is pinned on. In it net.ipv4.ip_unprivileged_port_start must be 0. */
  readonly namespacePin: string;
  /** Where this program's own folder can be read by them; its own place when absent. */
  readonly programRoot?: string;
  /** Nobody else's, so that nothing else can be touched. They must be able to read the sources of this program. */
  readonly uid: number;
  readonly gid: number;
}

export interface ResolverOptions extends ResolverPlace {
  /** Of its network namespace; it listens on port 53 of each. */
  readonly addresses: readonly string[];
  readonly policy: ResolverPolicy;
  /** An outside name that the policy lets this asker have. The answer goes out when it is resolved: open the way before. */
  readonly ask: (asker: string, name: string) => Promise<Resolution>;
  /** At most twice a second, and only when there is something. */
  readonly onRefused: (report: RefusalReport) => void;
  /** It ended though nobody asked it to; it comes again after a pause. */
  readonly onEnd: (reason: string) => void;
  readonly limits?: Partial<ResolverLimits>;
}

export interface Resolver extends AsyncDisposable {
  /** Undefined while it comes again. */
  readonly pid: number | undefined;
  /** Resolves when it, or a later one, is in force. Throws TypeError on what is no policy. */
  setPolicy(policy: ResolverPolicy): Promise<void>;
  close(): Promise<void>;
}
