/** How the host shows itself beside its ISCs: machine-id, addresses, and the uid ranges that it has given to others. */
import type { HostIdentityFacts } from "../../plan/checks/facts.ts";
import type { Engine } from "../engine.ts";
import { orUndefined } from "./look.ts";

type Claim = HostIdentityFacts["claims"][number];

export function readHostIdentity({ host }: Pick<Engine, "host">): HostIdentityFacts {
  const read = (file: string) => orUndefined(() => host.files.findTextNow(file)) ?? "";
  const machineId = read("/etc/machine-id").trim();
  return {
    machineId: machineId === "" ? undefined : machineId,
    addresses: orUndefined(() => listAddresses(host)) ?? [],
    claims: [
      ...["/etc/subuid", "/etc/subgid"].flatMap((file) => parseSubordinateIds(file, read(file))),
      ...parseAccounts("/etc/passwd", read("/etc/passwd")),
    ],
  };
}

function listAddresses({ kernel }: Engine["host"]): readonly string[] {
  using socket = new kernel.rtnetlink.Rtnetlink();
  return [...new Set(socket.listAddresses().map(({ address }) => address))];
}

/** NAME:FIRST:COUNT; subuid(5). */
export function parseSubordinateIds(file: string, text: string): readonly Claim[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", first, count] = line.split(":");
    return count === undefined ? [] : [{ who: `${name} in ${file}`, first: Number(first), count: Number(count) }];
  });
}

/** NAME:x:UID:GID:…; passwd(5). */
export function parseAccounts(file: string, text: string): readonly Claim[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", , uid, gid] = line.split(":");
    if (gid === undefined) return [];
    return [Number(uid), Number(gid)].map((id) => ({ who: `${name} in ${file}`, first: id, count: 1 }));
  });
}
