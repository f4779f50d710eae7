/** How new connections to one address are spread over several instances: by a random number of a few, each of which means one instance. */

/** Divisible by 1 to 6, 8, 10 and 12, so that the usual numbers of instances get equal shares. At least model/stack.ts' mostInstances. */
export const balanceBuckets = 120;

/** The instance that each bucket means: shares differ by one bucket at most. */
export function spreadBuckets<T>(instances: readonly T[]): readonly T[] {
  return Array.from({ length: balanceBuckets }, (_, bucket) => instances[bucket % instances.length]).filter((one) => one !== undefined);
}
