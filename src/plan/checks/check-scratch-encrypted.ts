/** scratch.encrypted: every place on scratch is an encrypted directory whose key only the kernel has. */
import { counted, judge, pass, skip, whenRunning } from "./answer.ts";
import type { LiveFacts, PlaceFacts, ScratchFacts } from "./facts.ts";
import { describeMount, isWritable } from "./mount-view.ts";

export const checkScratchEncrypted = whenRunning(({ live }) => {
  if ("unseen" in live.scratch) return skip(live.scratch.unseen);
  const scratch = live.scratch.seen;
  if (scratch.device === undefined) return { verdict: "FAIL", evidence: "the dock has no scratch of it mounted" };
  // Where nothing can be written nothing needs a key; that a declared place is missing is for write.declared to say.
  const places = scratch.places.filter(({ on, mount }) => on !== "volume" && (live.runtime === "runsc" || (mount && isWritable(mount))));
  const complaints = places.flatMap((place) => complaintsOf(place, scratch, live));
  return judge(complaints, () => pass(describe(scratch, places)));
});

function complaintsOf(place: PlaceFacts, scratch: ScratchFacts, live: LiveFacts): readonly string[] {
  const { path, mount, on, keyIdentifier } = place;
  // Inside a gVisor sandbox no mount shows; its places come from the dock's encrypted mount. Overlays hide what is below them.
  if (live.runtime !== "runsc" && on === "scratch" && mount && mount.device !== scratch.device) {
    return [`/proc/${live.pid}/mountinfo: ${path} is not on scratch: ${describeMount(mount)}`];
  }
  if (on === "overlay" || scratch.cryptUuid !== undefined || keyIdentifier !== undefined) return [];
  return [`${path}: FS_IOC_GET_ENCRYPTION_POLICY_EX finds no encryption`];
}

function describe({ device, cryptUuid }: ScratchFacts, places: readonly PlaceFacts[]): string {
  const what = `${counted(places.length, "place")} on device ${device}`;
  if (cryptUuid !== undefined) return `${what}, which is dm-crypt (${cryptUuid})`;
  const keys = [...new Set(places.map(({ keyIdentifier }) => keyIdentifier).filter((key) => key !== undefined))];
  return `${what}: fscrypt version 2 with key ${keys.map((key) => key.slice(0, 8)).join(", ")}`;
}
