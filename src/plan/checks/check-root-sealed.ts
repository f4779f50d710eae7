/** root.sealed: the root is the sealed EROFS image, read-only, and the image file still has the digest it is named by. */
import { shortDigest } from "../../model/digest.ts";
import { type Answer, fail, judge, pass, skip } from "./answer.ts";
import type { IscFacts, LiveFacts, MountFacts } from "./facts.ts";
import { describeMount, findVisibleMount, isWithin, isWritable } from "./mount-view.ts";

export function checkRootSealed(facts: IscFacts): Answer {
  const { live, record, image } = facts;
  const { measured } = image;
  if ("unseen" in measured) return "seen" in live ? fail(measured.unseen) : skip(measured.unseen);
  const { digest, how } = measured.seen;
  const complaints = [
    ...(digest === record.image ? [] : [`the image file has the digest ${digest} (${how}) instead of ${record.image}`]),
    ...("seen" in live ? mountComplaints(live.seen) : []),
  ];
  return judge(complaints, () => {
    const whole = `the image file has the digest ${shortDigest(record.image)} (${how})`;
    if ("unseen" in live) return pass(`${whole}; it is not running, so nothing of it is mounted`);
    const root = rootOf(live.seen);
    return pass(`/proc/${live.seen.pid}/mountinfo: / is ${root?.type} on device ${root?.device}, read-only; ${whole}`);
  });
}

function rootOf(live: LiveFacts): MountFacts | undefined {
  return live.runtime === "runsc" ? live.seal.rootMount : findVisibleMount(live.mounts, "/");
}

function mountComplaints(live: LiveFacts): readonly string[] {
  const root = rootOf(live);
  if (!root) return [`/proc/${live.pid}/mountinfo: no root is mounted`];
  return [...rootComplaints(root, live), ...(live.runtime === "runsc" ? [] : coverComplaints(live, root))];
}

/** gVisor's file server has to mount its root once more, so it is given one without the flags that it could not drop. */
const rootOptions = (runtime: LiveFacts["runtime"]) => (runtime === "runsc" ? ["ro"] : ["ro", "nosuid", "nodev"]);

function rootComplaints(root: MountFacts, { seal, runtime }: LiveFacts): readonly string[] {
  const what = `/ is ${root.type} on device ${root.device}`;
  if (root.type !== "erofs" || root.root !== "/") return [`${what}, not the sealed image`];
  const missing = rootOptions(runtime).filter((option) => !root.options.includes(option));
  return [
    ...(missing.length === 0 ? [] : [`${what} without ${missing.join(", ")}`]),
    ...(seal.imageMount === undefined ? ["the image file is not mounted by the dock"] : []),
    ...(seal.imageMount && seal.imageMount.device !== root.device
      ? [`${what}, while the image is on device ${seal.imageMount.device}`]
      : []),
    ...(seal.imageMount && seal.mountedFile !== seal.file
      ? [`the image mount serves ${seal.mountedFile ?? "an unknown file"}, not ${seal.file}`]
      : []),
  ];
}

/** Where an ISC may show something else than its sealed root, besides its writable places: kernel file systems, and files of its identity. */
const coveredInEvery = ["/proc", "/sys", "/dev", "/etc/machine-id", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/** Writable mounts are for write.declared to judge. */
function coverComplaints(live: LiveFacts, root: MountFacts): readonly string[] {
  const places = "seen" in live.scratch ? live.scratch.seen.places.map((place) => place.path) : [];
  const allowed = [...coveredInEvery, ...places];
  return live.mounts
    .filter((mount) => mount !== root && !isWritable(mount) && !allowed.some((path) => isWithin(path, mount.mountPoint)))
    .map((mount) => `/proc/${live.pid}/mountinfo: the sealed root is covered: ${describeMount(mount)}`);
}
