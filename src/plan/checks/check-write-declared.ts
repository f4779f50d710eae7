/** write.declared: the only writable places are scratch, declared volumes and what every process has below /dev. */
import { counted, judge, listed, pass, whenVisible } from "./answer.ts";
import type { LiveFacts, MountFacts } from "./facts.ts";
import { describeMount, isPlainDevice, isWithin, isWritable, sourceOf } from "./mount-view.ts";

/** Writable in every ISC, each of one kind: they hold no files that last. */
const ownOfEvery: Readonly<Record<string, readonly string[]>> = {
  "/dev/pts": ["devpts"],
  "/dev/shm": ["tmpfs"],
  "/dev/mqueue": ["mqueue"],
};

export const checkWriteDeclared = whenVisible("writable places are mounted", ({ live, manifest }) => {
  if ("unseen" in live.scratch) return { verdict: "SKIP", evidence: live.scratch.unseen };
  const { places } = live.scratch.seen;
  const declared = new Set(places.map((place) => place.path));
  const complaints = [
    ...live.mounts
      .filter((mount) => isWritable(mount) && !isPlainDevice(mount) && !isOwnOfEvery(mount) && !declared.has(mount.mountPoint))
      .map((mount) => `/proc/${live.pid}/mountinfo: ${describeMount(mount)} and nobody declared it`),
    ...places.flatMap(({ path, mount }) =>
      mount && isWritable(mount) ? [] : [`/proc/${live.pid}/mountinfo: the declared place ${path} is not a writable mount`],
    ),
    ...volumeComplaints(live),
  ];
  return judge(complaints, () => {
    const exception =
      manifest.posture.writes === "flexible" ? "; declared exception: writes flexible, /etc and /var through an overlay on scratch" : "";
    return pass(
      `/proc/${live.pid}/mountinfo: writable are ${counted(places.length, "declared place")} (${listed([...declared])})${exception}`,
    );
  });
});

/** Parts of /proc made writable are for kernel.masked to judge. */
function isOwnOfEvery({ mountPoint, type }: MountFacts): boolean {
  return type === "proc" ? isWithin("/proc", mountPoint) : (ownOfEvery[mountPoint]?.includes(type) ?? false);
}

/** A volume's place that shows something else would lose what is written there. */
function volumeComplaints({ pid, scratch }: LiveFacts): readonly string[] {
  if ("unseen" in scratch) return [];
  return scratch.seen.places.flatMap(({ on, path, mount, volumeSource }) =>
    on === "volume" && mount && sourceOf(mount) !== volumeSource
      ? [`/proc/${pid}/mountinfo: ${path} is not on its volume: ${describeMount(mount)}`]
      : [],
  );
}
