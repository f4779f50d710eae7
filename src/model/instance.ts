/**
 * The instances of one ISC. A cleanse or an update starts a fresh one beside the one that serves; the ISC's name goes over to it, and its
 * parts (mounts, cgroups, container) keep the place they were made in. Instance 0 has its parts under the ISC's own name, every other one
 * under name.number, which no ISC can be called.
 */
import { z } from "zod";
import { Digest } from "./digest.ts";
import type { Name } from "./name.ts";
import { NetworkRange } from "./stack.ts";

/** An instance that is there without having the name: the one that is to get it, or one that had it and is still at work for open connections. */
export const Beside = z.strictObject({
  role: z.enum(["next", "previous"]),
  instance: z.number().int().min(0),
  image: Digest,
  slot: z.number().int().min(1).max(4_094),
  machineId: z.string(),
  /** Of the stack that it is part of, as they were when it was made. */
  networks: z.array(NetworkRange).readonly().optional(),
});
export type Beside = z.infer<typeof Beside>;

/** How long instances that are gone had been there, in milliseconds. */
export const Windows = z.strictObject({
  count: z.number().int().min(0),
  lastMs: z.number().min(0),
  longestMs: z.number().min(0),
});
export type Windows = z.infer<typeof Windows>;

/** One more is gone. */
export function addWindow(windows: Windows | undefined, lastMs: number): Windows {
  return { count: (windows?.count ?? 0) + 1, lastMs, longestMs: Math.max(windows?.longestMs ?? 0, lastMs) };
}

/** The ISC that a name or the name of an instance means. */
export function serviceOf(name: Name): Name {
  const dot = name.indexOf(".");
  return dot < 0 ? name : (name.slice(0, dot) as Name);
}

/**
 * Under which name the parts lie: cgroup, container, directories below ISC_RUN. Sensors are told this name, since it stays the same while
 * an instance lives; events that carry it are told under the ISC's own.
 * @param instanceOf the instance that has the name now
 */
export function partsOf(name: Name, instanceOf: (name: Name) => number): Name {
  const [service = "", number] = name.split(".");
  const instance = number === undefined ? instanceOf(name) : Number(number);
  return (instance === 0 ? service : `${service}.${instance}`) as Name;
}
