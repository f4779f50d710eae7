/** Where things lie. Every path below ISC_ROOT and ISC_RUN is made here and nowhere else. */
import type { Digest } from "./digest.ts";
import { partsOf, serviceOf } from "./instance.ts";
import type { Name } from "./name.ts";

/** The two places of a dock: what must survive a boot, and what must not. */
export interface DockPlaces {
  /** ISC_ROOT */
  readonly root: string;
  /** ISC_RUN */
  readonly run: string;
  /** ISC_CACHE: layers and templates, which can be made again at any time. */
  readonly cache?: string;
}

/** @param instanceOf which instance of an ISC has its name now; its first where nobody says */
export function layoutOf({ root, run, cache = `${root}/cache` }: DockPlaces, instanceOf: (name: Name) => number = () => 0) {
  const hex = (digest: Digest) => digest.slice("sha256:".length);
  const image = (digest: Digest) => `${root}/images/${hex(digest)}`;
  const isc = (name: Name) => `${root}/isc/${serviceOf(name)}`;
  const parts = (name: Name) => partsOf(name, instanceOf);
  const live = (name: Name) => `${run}/isc/${parts(name)}`;
  return {
    root,
    run,
    cache,
    /** The name of an ISC's cgroups, container and live directory; see instance.ts. */
    parts,
    lock: `${root}/dock.lock`,
    dockId: `${root}/dock-id`,
    socket: `${run}/dock.sock`,
    dockLog: `${root}/dock.log`,
    /** Segments of the dock's record of everything that happened. */
    ledger: `${root}/ledger`,
    /** Work in progress; emptied when the dock starts. */
    temporary: `${root}/tmp`,
    keys: `${root}/keys`,
    signingKey: `${root}/keys/signing.pem`,
    trustedKeys: `${root}/keys/trusted`,
    /** Recipients of age, one a line: who may read what incidents keep of scratch. */
    recoveryKey: `${root}/keys/recovery.txt`,
    /** What was kept of ISCs before something was done to them: one signed archive each. */
    incidents: `${root}/incidents`,
    images: `${root}/images`,
    image: {
      directory: image,
      erofs: (digest: Digest) => `${image(digest)}/image.erofs`,
      manifest: (digest: Digest) => `${image(digest)}/manifest.json`,
      files: (digest: Digest) => `${image(digest)}/files.jsonl`,
      sbom: (digest: Digest) => `${image(digest)}/sbom.json`,
      provenance: (digest: Digest) => `${image(digest)}/provenance.dsse.json`,
      /** Not sealed: where this machine built it from. */
      origin: (digest: Digest) => `${image(digest)}/origin.json`,
      /** Not sealed: the build layers it rests on. */
      layers: (digest: Digest) => `${image(digest)}/layers.json`,
      /** Not sealed: a sum of all it was made of. */
      recipe: (digest: Digest) => `${image(digest)}/recipe.json`,
      blueprint: (digest: Digest) => `${image(digest)}/blueprint.yaml`,
      /** The one plain mount that all ISCs of this image clone from. */
      mount: (digest: Digest) => `${run}/images/${hex(digest)}`,
    },
    layers: `${cache}/layers`,
    scratchTemplates: `${cache}/scratch`,
    /** The btrfs file system that holds volumes: a directory on a btrfs host, a mount point of `volumePoolImage` elsewhere. */
    volumePool: `${root}/volumes`,
    volumePoolImage: `${root}/volumes.btrfs`,
    stacks: `${root}/stacks`,
    stack: (name: Name) => `${root}/stacks/${name}.json`,
    iscs: `${root}/isc`,
    isc: {
      directory: isc,
      record: (name: Name) => `${isc(name)}/isc.json`,
      log: (name: Name) => `${isc(name)}/console.log`,
      scratchFile: (name: Name) => `${isc(name)}/scratch${parts(name).slice(serviceOf(name).length)}.img`,
      snapshot: (name: Name, snapshot: Name) => `${isc(name)}/snapshots/${snapshot}.json`,
      snapshots: (name: Name) => `${isc(name)}/snapshots`,
    },
    lives: `${run}/isc`,
    live: {
      directory: live,
      /** Idmapped clone of the image mount: the OCI root. */
      rootMount: (name: Name) => `${live(name)}/root`,
      /** Mount point of the scratch file system (not idmapped). */
      scratchMount: (name: Name) => `${live(name)}/scratch`,
      /** Idmapped clone of its encrypted directory: sources of the bind mounts. */
      placesMount: (name: Name) => `${live(name)}/places`,
      volumeMount: (name: Name, volume: Name) => `${live(name)}/volumes/${volume}`,
      overlayMount: (name: Name, directory: string) => `${live(name)}/overlay${directory}`,
      networkNamespace: (name: Name) => `${live(name)}/net`,
      bundle: (name: Name) => `${live(name)}/bundle`,
      /** Small files bound over /etc: machine-id, hostname, hosts, resolv.conf. */
      etc: (name: Name) => `${live(name)}/etc`,
      pidFile: (name: Name) => `${live(name)}/pid`,
      conmonPidFile: (name: Name) => `${live(name)}/conmon.pid`,
      /** Where gVisor's launcher mounts a proc of its own. */
      proc: (name: Name) => `${live(name)}/proc`,
      exitDirectory: (name: Name) => `${live(name)}/exit`,
    },
    runtimeState: `${run}/runtime`,
  } as const;
}

/**
 * Mode of directories below ISC_RUN: process 1 of an ISC walks through them to its root while it already is a user of its own
 * range. Nobody may list them, and what is mounted there is seen by the dock's mount namespace alone.
 */
export const liveMode = 0o711;

export type Layout = ReturnType<typeof layoutOf>;
