/** apt-get with an own configuration, lists and archive: fetches and decides, installs nothing. See apt-get(8), apt.conf(5), apt_preferences(5). */

/** One package that apt-get would install. */
export interface AptChoice {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** A package's or suite's name, so that none reaches an argument vector as an option (Debian Policy 5.6.7; names of suites are alike). */
export const debianNamePattern = /^[a-z0-9][a-z0-9+.-]+$/;

/** @param directory where lists, archives, status and sources.sources lie, as apt-get sees it */
export function renderAptConfig(directory: string, architecture: string, acquireLines: readonly string[]): string {
  const settings: readonly (readonly [string, string])[] = [
    ["Dir", directory],
    ["Dir::State", directory],
    ["Dir::State::lists", `${directory}/lists/`],
    ["Dir::State::status", `${directory}/status`],
    ["Dir::State::extended_states", `${directory}/extended_states`],
    ["Dir::Cache", directory],
    ["Dir::Cache::archives", `${directory}/archives/`],
    ["Dir::Cache::pkgcache", "pkgcache.bin"],
    ["Dir::Cache::srcpkgcache", "srcpkgcache.bin"],
    ["Dir::Log", "/dev/null"],
    ["Dir::Etc", `${directory}/etc`],
    ["Dir::Etc::sourcelist", `${directory}/sources.sources`],
    ["Dir::Etc::sourceparts", "/dev/null"],
    ["Dir::Etc::parts", "/dev/null"],
    ["Dir::Etc::main", "/dev/null"],
    ["Dir::Etc::trusted", "/etc/apt/trusted.gpg"],
    ["Dir::Etc::trustedparts", "/etc/apt/trusted.gpg.d"],
    ["APT::Architecture", architecture],
    ["APT::Architectures", architecture],
    ["APT::Sandbox::User", "root"],
    ["APT::Install-Recommends", "false"],
    ["APT::Update::Error-Mode", "any"],
    ["APT::Keep-Downloaded-Packages", "true"],
  ];
  const lines = settings.map(([key, value]) => `${key} "${value}";`);
  return `${[...acquireLines, ...lines, 'Acquire::Languages "none";'].join("\n")}\n`;
}

/** The machine's own way to its mirrors (proxies, time limits), from `apt-config dump`; hooks and everything else stay behind. */
export function parseAcquireLines(dump: string): readonly string[] {
  return dump
    .split("\n")
    .filter((line) => /^Acquire::(?!Languages|IndexTargets|GzipIndexes|Changelogs)[^\s"]+ ".*";$/.test(line) && !line.endsWith(' "";'));
}

export const aptUpdate: readonly string[] = ["-q", "update"];

/** The essential packages and apt, into a root that has nothing: with no status apt-get takes them all for missing. */
export const baseSelection: readonly string[] = ["dist-upgrade"];

export function packageSelection(packages: readonly string[]): readonly string[] {
  return ["install", "--", ...packages];
}

/** Prints what would be done; `parseAptChoices` reads it. */
export function aptSimulate(selection: readonly string[]): readonly string[] {
  return ["-q", "-y", "-s", ...selection];
}

export function aptDownload(selection: readonly string[]): readonly string[] {
  return ["-q", "-y", "-d", ...selection];
}

/** Inside the image's own root: installs package files which lie there and nothing else. */
export function aptInstallFiles(files: readonly string[]): readonly string[] {
  const options = [
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    "Dir::Etc::sourcelist=/dev/null",
    "Dir::Etc::sourceparts=/dev/null",
    "APT::Sandbox::User=root",
  ];
  const quick = [
    "DPkg::Options::=--force-unsafe-io",
    "DPkg::Options::=--force-confdef",
    "DPkg::Options::=--force-confold",
    "DPkg::Use-Pty=false",
  ];
  return ["-q", "-y", ...[...options, ...quick].flatMap((option) => ["-o", option]), "--no-install-recommends", "install", "--", ...files];
}

/** Lines such as "Inst nginx-light [1.1] (1.22.1-9 Debian:12.1/stable [amd64])", sorted by name. */
export function parseAptChoices(stdout: string): readonly AptChoice[] {
  const matches = stdout.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) [^[\n]*\[([^\]]+)\]\)/gm);
  const choices = [...matches].map(([, name = "", version = "", architecture = ""]) => ({
    name: name.replace(/:.*$/, ""),
    version,
    architecture,
  }));
  return choices.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** How apt-get names a package file in its archive (apt-pkg/acquire-item.cc: the version with "_" and ":" quoted). */
export function archiveFileName({ name, version, architecture }: AptChoice): string {
  const quoted = version.replace(/[%:_]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return `${name}_${quoted}_${architecture}.deb`;
}
