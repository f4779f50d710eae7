/** An operator's `exec --admin`, as an event: recorded before it starts, whatever becomes of it. */
import type { Digest } from "../../model/digest.ts";
import type { EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";

export interface AdminSession {
  readonly isc: Name;
  readonly image: Digest;
  readonly command: readonly string[];
  readonly user: string | undefined;
  readonly terminal: boolean;
  readonly asker: { readonly uid: number; readonly loginUid?: number } | undefined;
  /** true, or why nothing is held back anyway. */
  readonly gate: true | string;
}

export function describeAdmin({ isc, image, command, user, terminal, asker, gate }: AdminSession): EventDraft {
  const who = asker === undefined ? "the dock" : `user ${asker.uid}${asker.loginUid === undefined ? "" : ` (login ${asker.loginUid})`}`;
  return {
    sensor: "exec",
    severity: "warning",
    kind: "exec.admin",
    message: `${who} may run every program of the image, from ${command.join(" ")}`,
    isc,
    image,
    facts: {
      command: command.slice(0, 24).map((word) => word.slice(0, 256)),
      terminal,
      gate: gate === true ? "in force" : `not in force: ${gate}`,
      ...(user !== undefined && { user }),
      ...(asker && { askerUid: asker.uid }),
      ...(asker?.loginUid !== undefined && { askerLogin: asker.loginUid }),
    },
    technique: "T1609",
  };
}
