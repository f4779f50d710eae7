/** One thing that an intruder tries. Data: a Perl script without a shell around it, and how its success is recognised. */

export const families = ["execution", "memory", "kernel", "files", "escape", "network", "resources", "evasion"] as const;
export type Family = (typeof families)[number];

/**
 * As whom: the service's own user; root inside, with no capability; root of an ISC whose operator declared nearly all capabilities
 * and flexible writes.
 */
export type Role = "service" | "root" | "mistake";

/** From best to worst. */
export const verdicts = ["prevented", "reverted", "detected", "missed"] as const;
export type Verdict = (typeof verdicts)[number];

/** What is seen from outside; otherwise the script's own proof of the effect counts. */
export type OutsideEffect =
  /** A witness outside heard the nonce. */
  | "witness"
  /** A client outside reached the port that the script listens on, and got the nonce. */
  | "inbound"
  /** What the service wrote takes more room outside than any log should. */
  | "log-size"
  /** A restart followed a link out of the volume, and changed what it leads to. */
  | "bait";

/** What a target must limit before something is tried that takes all there is. */
export type Limit = "processes" | "memory" | "disk" | "cpu";

/** Perl as it stands: backslashes and dollars are its own. */
export const perl = String.raw;

export interface Technique {
  readonly id: string;
  readonly title: string;
  /** MITRE ATT&CK, such as T1059.004. */
  readonly attack: string;
  readonly roles: readonly Role[];
  /**
   * Perl after the prelude (prelude.ts): ends with `won …` when it has proof of the effect, or `refused …` with the error of the
   * decisive call. Anything else is an error of the suite.
   */
  readonly script: string;
  readonly outside?: OutsideEffect;
  readonly needs?: Limit;
  /** Killed by the kernel counts as refused. */
  readonly mayBeKilled?: boolean;
  /** Who can do it without any container, which shows that the script works; or why nobody may try. */
  readonly control: "user" | "root" | { readonly none: string };
  /** Which layer stands in the way, or is meant to see it. */
  readonly layer: string;
  /** The least that iscadm must do. May be tightened, never loosened. */
  readonly expect: Verdict;
  /** The same of the role `mistake`, where a declared capability gives the right to it. */
  readonly mistaken?: Verdict;
  /** Kinds of events that tell of it: their first words. Others are noise of what ran before. */
  readonly seenAs?: readonly string[];
  /** Default 20,000. */
  readonly timeoutMs?: number;
}

/** One technique in one role. */
export interface Attempt {
  readonly id: string;
  readonly family: Family;
  readonly role: Role;
  readonly technique: Technique;
}

export function expectationOf({ role, technique }: Attempt): Verdict {
  return role === "mistake" ? (technique.mistaken ?? technique.expect) : technique.expect;
}

export function listAttempts(all: Readonly<Record<Family, readonly Technique[]>>): readonly Attempt[] {
  return families.flatMap((family) =>
    all[family].flatMap((technique) =>
      technique.roles.map((role, index) => ({
        id: index === 0 ? technique.id : `${technique.id}+${role}`,
        family,
        role,
        technique,
      })),
    ),
  );
}
