/** ns.own: seven namespaces of its own, shared by all its processes and by nobody else. */
import { counted, judge, named, pass, skip, whenRunning } from "./answer.ts";
import { type IscFacts, type LiveFacts, type Namespaces, namespaceKinds } from "./facts.ts";

export const checkNsOwn = whenRunning(({ facts, live }) => {
  if (live.runtime === "runsc")
    return skip("gVisor: its service lives in the sandbox's own kernel, where the host has no namespaces for it");
  const [first] = live.processes;
  const complaints = [
    ...sharedWithHost(live, first.namespaces),
    ...sharedWithOthers(facts, first.namespaces),
    ...strangers(live),
    ...strays(live),
  ];
  return judge(complaints, () =>
    pass(
      `/proc/PID/ns of ${counted(live.processes.length, "process", "processes")}: ${namespaceKinds.join(", ")} are its own (${first.namespaces.mnt}), no other process sits in them`,
    ),
  );
});

function sharedWithHost(live: LiveFacts, own: Namespaces): readonly string[] {
  return live.hostNamespaces.flatMap(({ whose, namespaces }) =>
    namespaceKinds
      .filter((kind) => own[kind] === namespaces[kind])
      .map((kind) => `process 1 (${live.pid}) has the ${kind} namespace of ${whose}, ${own[kind]}`),
  );
}

function sharedWithOthers({ others }: IscFacts, own: Namespaces): readonly string[] {
  return others.flatMap(({ name, namespaces }) =>
    namespaceKinds.filter((kind) => namespaces?.[kind] === own[kind]).map((kind) => `its ${kind} namespace is also that of ISC ${name}`),
  );
}

/** Processes in its cgroup that are not in its namespaces. */
function strangers({ processes }: LiveFacts): readonly string[] {
  const [first, ...others] = processes;
  return others.flatMap((process) =>
    namespaceKinds
      .filter((kind) => process.namespaces[kind] !== first.namespaces[kind])
      .map((kind) => `process ${named(process)} is in another ${kind} namespace, ${process.namespaces[kind]}`),
  );
}

function strays(live: LiveFacts): readonly string[] {
  return live.strays
    .filter((stray) => stray.sharedNamespaces.length > 0)
    .map((stray) => `process ${named(stray)} of the host sits in its ${stray.sharedNamespaces.join(", ")} namespace`);
}
