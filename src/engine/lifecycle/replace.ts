/**
 * A fresh instance takes the place of the one that serves: it is started beside, must be well, and gets the ISC's name and host ports in
 * one step. Every state on the way is one isc.json, so that a dock that dies finds either the old or the new one in place and takes the
 * other away (see reconcile.ts).
 */
import { isProblem, Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import type { Digest } from "../../model/digest.ts";
import type { Manifest } from "../../model/image.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { refreshEtcHosts } from "../parts/bundle.ts";
import { refreshDependents, trafficOf } from "../parts/traffic.ts";
import { besideOf, recordOfBeside, withoutBeside } from "./beside.ts";
import { drainInstance } from "./drain.ts";
import { handOver } from "./hand-over.ts";
import { ageOf, findReserved, giveUp, reserve, type Step, type StepAnswer } from "./reserve.ts";
import { bringUp } from "./start.ts";

const usualDrainMs = 30_000;

export interface ReplaceRequest {
  readonly name: Name;
  /** The one it runs when absent. */
  readonly image?: Digest | undefined;
  /** For the event: `response.cleanse`, `response.update`. */
  readonly why: "cleanse" | "update";
  /** Where the volumes go back to when the fresh instance does not become well on them. */
  readonly snapshot?: Name;
}

export interface Replacement {
  readonly name: Name;
  readonly image: Digest;
  readonly instance: number;
  readonly tookMs: number;
  /** How long the replaced instance had been there. */
  readonly reachableMs: number;
  /** How long nobody answered; 0 but for volumes that two cannot share. */
  readonly gapMs: number;
}

/** Throws Problem ISC_UNKNOWN, ISC_STOPPED, CLEANSE_FAILED, HOST_INCAPABLE, or why the image cannot be used; then the old one serves on. */
export async function replaceInstance(engine: Engine, request: ReplaceRequest): Promise<Replacement> {
  const began = engine.host.monotonic();
  const { name } = request;
  const manifest = await engine.images.open(request.image ?? engine.iscs.get(name).image);
  const next = await reserve(engine, name, manifest.digest);
  try {
    const sharing = mayShare(manifest);
    const work = sharing ? takeOver : handOver;
    const { reachableMs, gapMs } = await engine.locks.run(name, () => work(engine, { name, next, manifest, snapshot: request.snapshot }));
    await refreshDependents(engine, name);
    await refreshEtcHosts(engine);
    const tookMs = Math.round(engine.host.monotonic() - began);
    const replacement = { name, image: manifest.digest, instance: next.instance, tookMs, reachableMs, gapMs };
    tellReplaced(engine, request, replacement);
    return replacement;
  } catch (error) {
    await engine.locks.run(name, () => giveUp(engine, name, next));
    const problem = notReplaced(request, error);
    tellKept(engine, request, problem);
    throw problem;
  }
}

/** The caller holds the ISC's lock. */
async function takeOver(engine: Engine, { name, next, manifest }: Step): Promise<StepAnswer> {
  const waiting = recordOfBeside(findReserved(engine, name, next), next);
  await bringUp(engine, waiting, manifest, Promise.resolve());
  const before = findReserved(engine, name, next);
  const old = await engine.images.findManifest(before.image);
  const previous = besideOf(before, "previous");
  const { instance, slot, machineId, image, networks } = next;
  const beside = [...withoutBeside(before, instance), previous];
  const generation = before.generation + 1;
  const after = await engine.iscs.update(name, { instance, slot, machineId, image, networks, generation, beside });
  // Nothing else runs between the record and this: who asks for the ISC by name and who comes through a host port find the same instance.
  exchangePorts(engine, { after, previous: recordOfBeside(after, previous), waiting: waiting.name, manifest, old: old ?? manifest });
  const reachableMs = ageOf(engine, recordOfBeside(after, previous));
  const drainMs = (old ?? manifest).posture.cleanse?.drainMs ?? usualDrainMs;
  drainInstance(engine, { name, previous, manifest: old ?? manifest, exposures: before.exposures, drainMs });
  return { reachableMs, gapMs: 0 };
}

interface Exchange {
  readonly after: IscRecord;
  readonly previous: IscRecord;
  readonly waiting: Name;
  readonly manifest: Manifest;
  readonly old: Manifest;
}

/** The replaced one still hears: a connection whose first packet is under way to it must find its port open. */
function exchangePorts(engine: Engine, { after, previous, waiting, manifest, old }: Exchange): void {
  const { network } = old.posture;
  const hears = { ...network, listen: [...network.listen, ...after.exposures.map(({ port, protocol }) => ({ port, protocol }))] };
  const elements = new Map([
    [after.name, trafficOf(engine, after, manifest.posture.network)],
    [previous.name, trafficOf(engine, previous, hears)],
  ]);
  engine.firewall.exchange(elements, [waiting]);
  engine.stackTraffic.refreshOf(after);
}

/** A volume that two may not write to at once is handed over, with a pause. */
function mayShare({ posture }: Manifest): boolean {
  return posture.writes === "strict" || Object.values(posture.volumes).every(({ shared }) => shared === true);
}

/** The fresh instance's own refusal to start, told of the ISC. */
function notReplaced({ name, why }: ReplaceRequest, error: unknown): unknown {
  if (!isProblem(error) || error.code !== "START_FAILED") return error;
  const reason = error.message.replace(/^cannot start \S+: /, "");
  const { hint, details } = error;
  const code = why === "update" ? "UPDATE_FAILED" : "CLEANSE_FAILED";
  return new Problem(code, `cannot ${why} ${name}: the fresh instance does not start: ${reason}`, { hint, details, cause: error });
}

function tellReplaced(engine: Engine, { why }: ReplaceRequest, { name, image, instance, tookMs, reachableMs, gapMs }: Replacement): void {
  engine.events.emit({
    sensor: "response",
    severity: "notice",
    kind: `response.${why}`,
    message: `a fresh instance serves; the one before had been there for ${Math.round(reachableMs / 1000)} s`,
    isc: name,
    image,
    facts: { outcome: "replaced", instance, tookMs, reachableMs, gapMs },
  });
}

function tellKept(engine: Engine, { name, why }: ReplaceRequest, error: unknown): void {
  const reason = reasonOf(error);
  engine.events.emit({
    sensor: "response",
    severity: "alert",
    kind: `response.${why}`,
    message: `the instance before serves on: ${reason}`,
    isc: name,
    facts: { outcome: "kept", reason: reason.slice(0, 1_000) },
  });
}
