/** write.noexec: nothing writable can be executed; every writable mount is nosuid, nodev, noexec. */
import { counted, judge, pass, whenVisible } from "./answer.ts";
import type { MountFacts } from "./facts.ts";
import { isPlainDevice, isWritable } from "./mount-view.ts";

export const checkWriteNoexec = whenVisible("writable places are mounted", ({ live }) => {
  const writable = live.mounts.filter((mount) => isWritable(mount) && !isPlainDevice(mount));
  const complaints = writable.flatMap((mount) => {
    const missing = flagsFor(mount).filter((flag) => !mount.options.includes(flag));
    return missing.length === 0
      ? []
      : [`/proc/${live.pid}/mountinfo: ${mount.mountPoint} (${mount.type}) is writable without ${missing.join(", ")}`];
  });
  return judge(complaints, () =>
    pass(`/proc/${live.pid}/mountinfo: ${counted(writable.length, "writable mount")}, all nosuid, nodev, noexec`),
  );
});

/** Terminals are devices: devpts cannot be nodev. It holds nothing else. */
function flagsFor({ type }: MountFacts): readonly string[] {
  return type === "devpts" ? ["nosuid", "noexec"] : ["nosuid", "nodev", "noexec"];
}
