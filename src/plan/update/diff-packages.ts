/** What differs between the packages of two images. */
import type { Package } from "../../model/image.ts";

export interface PackageChange {
  readonly name: string;
  /** Absent for a package that is new. */
  readonly from?: string;
  /** Absent for one that is gone. */
  readonly to?: string;
}

type Versioned = Pick<Package, "name" | "version">;

/** By name. A package that is there in several architectures counts once for each version. */
export function diffPackages(before: readonly Versioned[], after: readonly Versioned[]): readonly PackageChange[] {
  const [old, fresh] = [versionsOf(before), versionsOf(after)];
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return names.flatMap((name) => {
    const [from, to] = [old.get(name), fresh.get(name)];
    if (from === to) return [];
    return [{ name, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  });
}

function versionsOf(packages: readonly Versioned[]): ReadonlyMap<string, string> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages) versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return new Map([...versions].map(([name, found]) => [name, [...found].sort().join(", ")]));
}
