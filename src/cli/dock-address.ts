/** Where the dock is: what --dock says, else the socket of this machine's dock. */
import { Problem } from "../base/problem.ts";
import { layoutOf } from "../model/layout.ts";

export type DockAddress =
  | { readonly kind: "socket"; readonly path: string }
  /** `user@host`, or a name of the operator's ssh configuration; the port only when one was given. */
  | { readonly kind: "ssh"; readonly destination: string; readonly port: number | undefined };

export interface Places {
  readonly root: string;
  readonly run: string;
}

/** ISC_ROOT and ISC_RUN, or what they are by default. */
export function readPlaces(environment: Readonly<Record<string, string | undefined>>): Places {
  return { root: environment.ISC_ROOT || "/var/lib/isc", run: environment.ISC_RUN || "/run/isc" };
}

export function defaultDockAddress(places: Places): DockAddress {
  return { kind: "socket", path: layoutOf(places).socket };
}

/** PATH, unix:PATH or ssh://[user@]host[:port]; throws USAGE. */
export function parseDockAddress(text: string): DockAddress {
  const ssh = /^ssh:\/\/(?<destination>(?:[\w.][\w.+-]*@)?(?<host>\w[\w.-]*|\[[\da-f:]+\]))(?::(?<port>\d{1,5}))?\/?$/i.exec(text)?.groups;
  if (ssh?.destination !== undefined) {
    return { kind: "ssh", destination: ssh.destination.replace(/[[\]]/g, ""), port: ssh.port === undefined ? undefined : Number(ssh.port) };
  }
  const path = text.replace(/^unix:(?:\/\/)?/, "");
  if (path !== "" && !/^\w+:\/\//.test(path)) return { kind: "socket", path };
  const hint = "a dock is /run/isc/dock.sock, unix:/run/isc/dock.sock or ssh://user@host";
  throw new Problem("USAGE", `cannot understand the dock ${JSON.stringify(text)}`, { hint });
}
