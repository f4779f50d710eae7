/** nnp: no_new_privs on every thread. */
import { counted, judge, named, pass, whenVisible } from "./answer.ts";

export const checkNnp = whenVisible("no_new_privs is kept", ({ live }) => {
  const complaints = live.processes.flatMap((process) =>
    process.threads
      .filter((thread) => !thread.noNewPrivileges)
      .map((thread) => `/proc/${thread.id}/status of ${named(process)}: NoNewPrivs is not 1`),
  );
  return judge(complaints, () => pass(`/proc/PID/status of ${counted(live.processes.length, "process", "processes")}: NoNewPrivs 1`));
});
