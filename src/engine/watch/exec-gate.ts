/**
 * The exec gate (validated execution): every program that an ISC runs is asked about before it runs, in a thread of its own, and runs only
 * when it is a program of the sealed image, with the recorded content, that `rights.execute` lets run. What is denied is told.
 */
import { reasonOf } from "../../base/reason-of.ts";
import type { Denial, ExecGate } from "../../host/exec-gate.ts";
import { identityOfSlot } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import { DenialTally } from "../../plan/watch/denial-tally.ts";
import type { Engine } from "../engine.ts";
import { isMountPoint } from "../mount-table.ts";
import { overlayDirectories } from "../parts/scratch-overlay.ts";
import { GateTables } from "./exec-gate-table.ts";
import type { Watched } from "./watcher.ts";

const endsEveryMs = 1_000;
const firstPauseMs = 50;
const longestPauseMs = 60_000;

/** Throws KernelError where the kernel has no gate to offer. */
export async function startExecGate(engine: Engine): Promise<AsyncDisposable> {
  const sensor = new ExecGateSensor(engine);
  try {
    sensor.open();
  } catch (error) {
    engine.execGate.setGate(reasonOf(error));
    throw error;
  }
  engine.watchers.add({
    name: "exec-gate",
    onStarting: (watched) => sensor.watch(watched),
    onStopped: (name) => sensor.forget(name),
  });
  return sensor;
}

class ExecGateSensor implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #tables: GateTables;
  readonly #watched = new Map<Name, Watched>();
  /** Devices of the images that are watched, by digest. */
  readonly #devices = new Map<string, number>();
  readonly #tally = new DenialTally();
  readonly #timer: NodeJS.Timeout;
  #gate: ExecGate | undefined;
  #pauseMs = firstPauseMs;
  #again: NodeJS.Timeout | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#tables = new GateTables(engine);
    this.#timer = setInterval(() => this.#endIntervals(), endsEveryMs).unref();
  }

  open(): void {
    this.#gate = this.#engine.host.execGate({
      onDenied: (denial) => this.#take(denial),
      onFurther: (isc, count) => this.#emit(this.#tally.noteFurther(isc as Name, count, this.#now())),
      onEnd: (reason) => this.#lose(reason),
    });
    this.#engine.execGate.setGate(this.#gate);
  }

  /** Marks come before the first process. An ISC that runs already was without the gate for as long as there was no dock. */
  async watch(watched: Watched): Promise<void> {
    const { record, manifest } = watched;
    // Its programs are opened by gVisor's file server and run by its own kernel.
    if (manifest.posture.containment === "gvisor") return;
    this.#watched.set(record.name, watched);
    try {
      await this.#mark(watched);
    } catch (error) {
      this.#tellUnheld(watched, reasonOf(error));
      throw error;
    }
  }

  async #mark(watched: Watched): Promise<void> {
    const { record, manifest } = watched;
    const image = await this.#tables.get(manifest);
    const gate = this.#gate;
    if (!gate || this.#watched.get(record.name) !== watched) return;
    this.#tellIscs();
    // A place may be another mount's that is gone, so it comes before the image that may have its number now.
    for (const place of this.#placesOf(record.name)) gate.watchForeign(place.device, place.path);
    if (this.#devices.get(image.digest) !== image.device) gate.setImage(image);
    this.#devices.set(image.digest, image.device);
    gate.markImage(image, this.#engine.layout.image.mount(manifest.digest));
    this.#engine.execGate.hold(record.name);
  }

  forget(name: Name): void {
    const digest = this.#watched.get(name)?.manifest.digest;
    if (digest === undefined) return;
    this.#watched.delete(name);
    this.#engine.execGate.release(name);
    this.#tellIscs();
    if ([...this.#watched.values()].some(({ manifest }) => manifest.digest === digest)) return;
    const device = this.#devices.get(digest);
    this.#devices.delete(digest);
    if (device !== undefined) this.#gate?.forgetImage(device);
  }

  /**
   * Writable file systems of the ISC's or the dock's own: all are mounted noexec, so only one that somebody has mounted anew can ask.
   * Never one that the host uses: its programs are not to wait for the dock.
   */
  #placesOf(name: Name): readonly { readonly path: string; readonly device: number }[] {
    const { host, layout } = this.#engine;
    const overlays = overlayDirectories.map((directory) => layout.live.overlayMount(name, directory));
    const pool = host.files.findNow(layout.volumePoolImage) ? [layout.volumePool] : [];
    return [layout.live.scratchMount(name), ...overlays, ...pool].flatMap((path) => {
      const device = host.files.findNow(path)?.device;
      return device !== undefined && isMountPoint(host, path) ? [{ path, device }] : [];
    });
  }

  #tellIscs(): void {
    this.#gate?.setIscs(
      [...this.#watched.values()].map(({ record, manifest }) => {
        const { uidBase, uidCount } = identityOfSlot(this.#engine.dock, record.slot);
        const isReadable = !manifest.posture.rights.syscalls.includes("userfaultfd");
        return { name: record.name, uidBase, uidCount, isReadable };
      }),
    );
  }

  #take(denial: Denial): void {
    const isc = denial.isc as Name;
    const image = this.#watched.get(isc)?.manifest.digest;
    this.#emit(this.#tally.note({ ...denial, isc, image }, this.#now()));
  }

  #endIntervals(nowMs = this.#now()): void {
    if (!this.#tally.isEmpty) this.#emit(this.#tally.end(nowMs));
  }

  #emit(drafts: ReturnType<DenialTally["end"]>): void {
    for (const draft of drafts) this.#engine.events.emit(draft);
  }

  #now(): number {
    return this.#engine.host.monotonic();
  }

  #tellUnheld({ record, manifest }: Watched, reason: string): void {
    this.#engine.events.emit({
      sensor: "exec",
      severity: "alert",
      kind: "sensor.missing",
      message: `the exec gate does not hold it: ${reason}`,
      isc: record.name,
      image: manifest.digest,
      facts: { sensor: "exec", reason },
    });
  }

  /** The kernel allows everything from here on, until the next gate has its marks. */
  #lose(reason: string): void {
    this.#gate = undefined;
    this.#devices.clear();
    this.#engine.execGate.setGate(reason);
    this.#engine.events.emit({
      sensor: "exec",
      severity: "alert",
      kind: "sensor.missing",
      message: `the exec gate has ended, and nothing is denied until it is back: ${reason}`,
      facts: { sensor: "exec", reason, remains: "read-only root, noexec on all that is writable, seccomp" },
      technique: "T1562",
    });
    this.#openLater();
  }

  #openLater(): void {
    this.#again = setTimeout(() => void this.#reopen(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
  }

  async #reopen(): Promise<void> {
    try {
      this.open();
      for (const watched of [...this.#watched.values()]) await this.watch(watched);
    } catch (error) {
      this.#engine.execGate.setGate(reasonOf(error));
      return this.#openLater();
    }
    this.#engine.events.emit({
      sensor: "exec",
      severity: "notice",
      kind: "sensor.restored",
      message: "the exec gate is back",
      facts: { sensor: "exec", iscs: this.#watched.size },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    this.#endIntervals(Number.POSITIVE_INFINITY);
    await this.#gate?.[Symbol.asyncDispose]();
  }
}
