/** Package lists and package files for one suite, kept between builds: apt's answer to "which versions", and the files themselves. */
import { createHash } from "node:crypto";
import { isProblem, Problem } from "../../base/problem.ts";
import type { CommandResult } from "../../host/host.ts";
import {
  type AptChoice,
  aptDownload,
  aptSimulate,
  aptUpdate,
  archiveFileName,
  parseAcquireLines,
  parseAptChoices,
  renderAptConfig,
} from "../../tools/apt-get.ts";
import { dpkgArchitecture } from "../../tools/dpkg.ts";
import { confinedDirectory, runConfined } from "../../tools/unshare.ts";
import { adaptAptSources, type SourceFile } from "./apt-sources.ts";
import type { BuildContext } from "./build-context.ts";
import { buildIds, giveToImage, makeImageDirectory } from "./build-ids.ts";
import { layerKey } from "./layer-cache.ts";

/** How long fetched package lists count as fresh. */
const freshMs = 600_000;
/** How long mirrors that could not be reached are not asked again: apt tries for some seconds, and a stack builds one image after the other. */
const unreachableMs = 120_000;
const unreachableNote = "the package mirrors cannot be reached: going on with the package lists fetched last";
/** Roots are made with /usr merged from the start: usrmerge would only bring Perl to find that out (its alternative is usr-is-merged). */
export const aptPreferences = "Package: usrmerge\nPin: release *\nPin-Priority: -1\n";
const fetchTimeoutMs = 900_000;

export interface AptArchive {
  readonly directory: string;
  readonly suite: string;
  readonly architecture: string;
  /** Changes with the sources, not with their contents. */
  readonly sourcesKey: string;
  /** Changes with what the mirrors hold. */
  readonly listsKey: string;
  /** Text of the sources file. */
  readonly sources: string;
}

/** Makes the archive ready; fetches the lists when they are not fresh. `note` hears what the operator should know. */
export async function openAptArchive(context: BuildContext, suite: string, note: (text: string) => void): Promise<AptArchive> {
  const { host, layout, noCache } = context;
  const architecture = (await host.run(dpkgArchitecture)).stdout.trim();
  const sources = await readSources(context, suite);
  const sourcesKey = layerKey("sources", suite, architecture, sources, aptPreferences);
  const directory = `${layout.layers}/apt-${sourcesKey}`;
  const updated = await host.files.find(`${directory}/updated`);
  const isOlder = (stamp: { readonly modifiedMs: number } | undefined, ms: number) => Math.abs(host.now() - (stamp?.modifiedMs ?? 0)) > ms;
  const isFresh = !noCache && updated !== undefined && !isOlder(updated, freshMs);
  const isUnreachable = !noCache && updated !== undefined && !isOlder(await host.files.find(`${directory}/unreachable`), unreachableMs);
  if (!isFresh && isUnreachable) note(unreachableNote);
  else if (!isFresh) {
    await prepareDirectory(context, directory, architecture, sources);
    await update(context, { directory, suite, hasLists: updated !== undefined }, note);
  }
  return { directory, suite, architecture, sourcesKey, listsKey: await readListsKey(context, directory), sources };
}

/**
 * Which packages apt-get would install. Asked once for each state of the lists: apt takes a second or two to answer.
 * @param statusFile dpkg's status of the root below; absent for an empty root
 */
export async function resolvePackages(
  context: BuildContext,
  archive: AptArchive,
  selection: readonly string[],
  below?: { readonly key: string; readonly statusFile: string },
): Promise<readonly AptChoice[]> {
  const { host, noCache } = context;
  const memory = `${archive.directory}/resolved/${layerKey("resolved", archive.listsKey, selection, below?.key)}.json`;
  const known = noCache ? undefined : await host.files.findText(memory);
  if (known !== undefined) return parseChoices(JSON.parse(known));
  await placeStatus(context, archive, below?.statusFile);
  const choices = parseAptChoices((await runApt(context, archive.directory, aptSimulate(selection))).stdout);
  await host.files.makeDirectory(`${archive.directory}/resolved`);
  await host.files.writeAtomic(memory, JSON.stringify(choices));
  return choices;
}

/** Fetches the package files; answers their paths. Those that are there already are not fetched again. */
export async function downloadPackages(
  context: BuildContext,
  archive: AptArchive,
  selection: readonly string[],
  choices: readonly AptChoice[],
  below?: { readonly statusFile: string },
): Promise<readonly string[]> {
  const { host } = context;
  const paths = choices.map((choice) => `${archive.directory}/archives/${archiveFileName(choice)}`);
  const found = await Promise.all(paths.map((path) => host.files.find(path)));
  if (!found.includes(undefined)) return paths;
  await placeStatus(context, archive, below?.statusFile);
  await runApt(context, archive.directory, aptDownload(selection));
  return paths;
}

async function readSources({ host }: BuildContext, suite: string): Promise<string> {
  const folder = "/etc/apt/sources.list.d";
  const names = (await host.files.findList(folder)).filter((name) => /\.(?:list|sources)$/.test(name)).sort();
  const paths = ["/etc/apt/sources.list", ...names.map((name) => `${folder}/${name}`)];
  const files = await Promise.all(
    paths.map(async (name): Promise<SourceFile> => ({ name, text: (await host.files.findText(name)) ?? "" })),
  );
  const release = (await host.files.findText("/etc/os-release")) ?? "";
  const machineSuite = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? "";
  const sources = adaptAptSources(files, machineSuite, suite);
  if (sources === "") {
    throw new Problem("BUILD_FAILED", `cannot find a source of Debian ${suite}: this machine's apt sources lead to no Debian archive`, {
      hint: `add one that names ${suite} to ${folder}`,
    });
  }
  return sources;
}

async function prepareDirectory(context: BuildContext, directory: string, architecture: string, sources: string): Promise<void> {
  const { host } = context;
  for (const folder of ["", "/lists", "/lists/partial", "/archives", "/archives/partial", "/etc", "/etc/preferences.d"])
    await makeImageDirectory(host, `${directory}${folder}`);
  const machine = await host.run({ program: "apt-config", arguments: ["dump"] });
  const give = async (name: string, text: string) => {
    await host.files.write(`${directory}/${name}`, text, 0o600);
    await giveToImage(host, `${directory}/${name}`);
  };
  await give("etc/auth.conf", await readCredentials(context));
  await give("etc/preferences", aptPreferences);
  await give("sources.sources", sources);
  await give("apt.conf", renderAptConfig(confinedDirectory, architecture, parseAcquireLines(machine.stdout)));
}

/** For mirrors that ask who one is (apt_auth.conf(5)); root's alone, so apt-get could not read them where it runs. */
async function readCredentials({ host }: BuildContext): Promise<string> {
  const folder = "/etc/apt/auth.conf.d";
  const names = (await host.files.findList(folder)).filter((name) => name.endsWith(".conf")).sort();
  const texts = await Promise.all(
    ["/etc/apt/auth.conf", ...names.map((name) => `${folder}/${name}`)].map((path) => host.files.findText(path)),
  );
  return texts.filter((text) => text !== undefined).join("\n");
}

interface Lists {
  readonly directory: string;
  readonly suite: string;
  /** From an earlier time. */
  readonly hasLists: boolean;
}

async function update(context: BuildContext, { directory, suite, hasLists }: Lists, note: (text: string) => void): Promise<void> {
  const { host, noCache } = context;
  try {
    await runApt(context, directory, aptUpdate);
    await host.files.write(`${directory}/updated`, "");
  } catch (error) {
    // A name that was mistyped once must not stay in the cache for ever.
    if (!hasLists) await host.files.remove(directory);
    if (!hasLists || noCache || context.signal?.aborted) throw isSuiteMissing(error, suite) ? noSuchSuite(suite, error) : error;
    await host.files.write(`${directory}/unreachable`, "");
    note(unreachableNote);
  }
}

/** apt-get's words about the suite itself, not about its updates or security archive. */
function isSuiteMissing(error: unknown, suite: string): error is Problem {
  return isProblem(error) && error.details.some((line) => line.includes(` ${suite} Release' does not have a Release file`));
}

function noSuchSuite(suite: string, cause: Problem): Problem {
  return new Problem("BUILD_FAILED", `a package mirror of this machine has no Debian ${suite}`, {
    hint: "check from.debian in the blueprint, and the machine's apt sources",
    details: cause.details,
    cause,
  });
}

/** The mirrors' signed lists of what they hold. */
async function readListsKey({ host }: BuildContext, directory: string): Promise<string> {
  const names = (await host.files.list(`${directory}/lists`)).filter((name) => /Release(?:\.gpg)?$/.test(name)).sort();
  const sum = createHash("sha256");
  for (const name of names) sum.update(`${name}\n`).update(await host.files.readBytes(`${directory}/lists/${name}`));
  return sum.digest("hex");
}

async function placeStatus({ host }: BuildContext, { directory }: AptArchive, statusFile: string | undefined): Promise<void> {
  await host.files.write(`${directory}/status`, statusFile === undefined ? "" : await host.files.readText(statusFile));
  await giveToImage(host, `${directory}/status`);
}

/** As nobody on the host, but with its network. */
function runApt(context: BuildContext, directory: string, command: readonly string[]): Promise<CommandResult> {
  const { host, signal } = context;
  return runConfined(
    host,
    { ids: buildIds, from: "files" },
    {
      program: "apt-get",
      arguments: command,
      environment: { APT_CONFIG: `${confinedDirectory}/apt.conf`, HOME: "/", DEBIAN_FRONTEND: "noninteractive" },
      workingDirectory: directory,
      timeoutMs: fetchTimeoutMs,
      ...(signal ? { signal } : {}),
    },
  );
}

function parseChoices(value: unknown): readonly AptChoice[] {
  if (!Array.isArray(value)) throw new Problem("STATE_DAMAGED", "cannot read what apt resolved last: it is no list");
  return value;
}
