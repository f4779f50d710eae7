/** uid.range: every process runs under the ISC's own 65,536 host uids, and nobody else does. */
import type { SlotIdentity } from "../../model/identity.ts";
import { counted, judge, named, pass, whenRunning } from "./answer.ts";
import type { ProcessFacts } from "./facts.ts";
import { type IdRange, renderIdMap } from "./proc/id-map.ts";

export const checkUidRange = whenRunning(({ facts, live }) => {
  const { identity } = facts;
  const complaints = [
    ...live.processes.flatMap((process) => complaintsOf(process, identity, live.runtime === "runsc")),
    ...live.strays.flatMap((stray) =>
      stray.uid === undefined ? [] : [`process ${named(stray)} of the host runs with uid ${stray.uid} of this ISC's range`],
    ),
  ];
  return judge(complaints, () =>
    pass(
      `/proc/PID/uid_map of ${counted(live.processes.length, "process", "processes")}: 0 ${identity.uidBase} ${identity.uidCount}, and no other process of the host uses that range`,
    ),
  );
});

/** gVisor's sandbox gives up every id it had (Debian Policy 9.2.2: nobody). */
const nobody = 65_534;

function complaintsOf(process: ProcessFacts, identity: SlotIdentity, isSandbox: boolean): readonly string[] {
  const maps = [
    { file: "uid_map", map: process.uidMap },
    { file: "gid_map", map: process.gidMap },
  ].filter(({ map }) => !isOwnMap(map, identity));
  // gVisor's sandbox and gofer map what they need themselves; their uids count.
  const wrongMaps = isSandbox ? [] : maps.map(({ file, map }) => `/proc/${process.pid}/${file} of ${named(process)}: ${renderIdMap(map)}`);
  const ids = process.threads.flatMap((thread) =>
    [
      ...thread.uids.map((id) => ({ what: "uid", id })),
      ...thread.gids.map((id) => ({ what: "gid", id })),
      ...thread.groups.map((id) => ({ what: "group", id })),
    ].filter(({ id }) => !isOwnId(id, identity) && !(isSandbox && id === nobody)),
  );
  const wrongIds = ids.map(({ what, id }) => `/proc/${process.pid}/status of ${named(process)}: host ${what} ${id} is outside its range`);
  return [...wrongMaps, ...new Set(wrongIds)];
}

function isOwnMap(map: readonly IdRange[], { uidBase, uidCount }: SlotIdentity): boolean {
  const [only, ...others] = map;
  return others.length === 0 && only?.inside === 0 && only.host === uidBase && only.count === uidCount;
}

function isOwnId(id: number, { uidBase, uidCount }: SlotIdentity): boolean {
  return id >= uidBase && id < uidBase + uidCount;
}
