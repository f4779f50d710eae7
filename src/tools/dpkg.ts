/** dpkg's database of a root, read without running anything of that root. See dpkg-query(1), deb-control(5). */

export interface DpkgPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Name of the source package where it differs, without its version. */
  readonly source?: string;
}

/** Where the database lies in a root. */
export const dpkgStatusPath = "/var/lib/dpkg/status";

export const dpkgArchitecture = { program: "dpkg", arguments: ["--print-architecture"] } as const;

/** The installed packages in the text of the status file, by name. Stanzas of another shape are left out. */
export function parseDpkgStatus(status: string): readonly DpkgPackage[] {
  const packages = status.split("\n\n").flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
    const [name, version, architecture, state] = [field("Package"), field("Version"), field("Architecture"), field("Status")];
    if (name === undefined || version === undefined || architecture === undefined || state?.endsWith(" installed") !== true) return [];
    const source = field("Source")?.replace(/ \(.*\)$/, "");
    return [{ name, version, architecture, ...(source === undefined ? {} : { source }) }];
  });
  return packages.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key({ name, architecture }: DpkgPackage): string {
  return `${name}:${architecture}`;
}

/** The file that lists what a package installed; `Multi-Arch: same` packages carry their architecture in its name. */
export function dpkgListPaths({ name, architecture }: Pick<DpkgPackage, "name" | "architecture">): readonly string[] {
  return [`/var/lib/dpkg/info/${name}.list`, `/var/lib/dpkg/info/${name}:${architecture}.list`];
}
