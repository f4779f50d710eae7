/** Lays the operator's files over the root. They are looked at closely: a blueprint may come from a stranger, and the dock reads as root. */
import { posix } from "node:path";
import { Problem } from "../../base/problem.ts";
import { CopyRefused, copyIn } from "../../host/copy-in.ts";
import type { Host } from "../../host/host.ts";
import type { FileOverlay } from "../../model/blueprint.ts";
import { resolveIdentity } from "../../plan/services/accounts.ts";
import { hostId } from "./build-ids.ts";
import { allowedMode } from "./clean-plan.ts";
import type { ImageTree, Ownership } from "./image-tree.ts";
import { resolveInside } from "./resolve-inside.ts";

const fileLimitBytes = 2 * 1024 ** 3;
const totalLimitBytes = 8 * 1024 ** 3;
const countLimit = 200_000;

/** Mounted over, or iscadm's own. */
const hidden = /^\/(?:proc|sys|dev|run|tmp|var\/tmp|var\/log|\.isc)(?:\/|$)/;

export interface LayFiles {
  readonly host: Host;
  readonly tree: ImageTree;
  readonly files: readonly FileOverlay[];
  /** The blueprint's own folder, absolute. */
  readonly directory: string;
}

/** Answers how many files were laid. Throws Problem BUILD_FAILED. */
export async function layFiles(options: LayFiles): Promise<number> {
  const count = { files: 0, bytes: 0 };
  for (const file of options.files) await layOne(options, file, count);
  return count.files;
}

interface Count {
  files: number;
  bytes: number;
}

async function layOne(options: LayFiles, file: FileOverlay, count: Count): Promise<void> {
  const { tree, host } = options;
  const target = file.target.length > 1 ? file.target.replace(/\/$/, "") : file.target;
  if (hidden.test(tree.resolve(target))) throw refused(file.target, "nothing laid there would be seen, something else is mounted there");
  const owner = ownerOf(tree, file);
  if (file.content !== undefined || file.source === undefined) {
    await tree.write(target, file.content ?? "", { ...owner, mode: modeOf(file, 0o644) });
    count.files += 1;
    return;
  }
  const source = allowedSource(options, file);
  const status = await host.files.find(source);
  if (status?.kind === "directory") return layDirectory({ ...options, file, owner, count }, source, target);
  if (status?.kind !== "file")
    throw refused(file.target, status ? `${file.source} is no file and no directory` : `${file.source} does not exist`);
  const place = file.target.endsWith("/") ? posix.join(target, posix.basename(file.source)) : target;
  await layFile({ ...options, file, owner, count }, source, place, status.mode);
}

interface Laying extends LayFiles {
  readonly file: FileOverlay;
  readonly owner: Pick<Ownership, "uid" | "gid">;
  readonly count: Count;
}

async function layFile({ host, tree, file, owner, count }: Laying, source: string, target: string, sourceMode: number): Promise<void> {
  const place = await tree.place(target);
  if ((await host.files.find(place))?.kind === "directory") throw refused(file.target, `the image has a directory at ${target}`);
  await host.files.remove(place);
  const mode = modeOf(file, (sourceMode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    count.bytes += await copyIn({
      source,
      target: place,
      mode,
      uid: hostId(owner.uid),
      gid: hostId(owner.gid),
      limitBytes: fileLimitBytes,
    });
  } catch (error) {
    if (error instanceof CopyRefused) throw refused(file.target, error.message, error);
    throw error;
  }
  count.files += 1;
  if (count.bytes > totalLimitBytes || count.files > countLimit)
    throw refused(file.target, "the blueprint's files are too large or too many");
}

/** Symlinks are laid as they are written: they will lead inside the image, never to the host. */
async function layDirectory(laying: Laying, source: string, target: string): Promise<void> {
  const { host, tree, file, owner } = laying;
  await tree.makeDirectory(target, { ...owner, mode: 0o755 });
  for (const name of [...(await host.files.list(source))].sort()) {
    const [from, to] = [`${source}/${name}`, posix.join(target, name)];
    const status = await host.files.find(from);
    if (status?.kind === "directory") await layDirectory(laying, from, to);
    else if (status?.kind === "symlink") await tree.symlink(to, (await host.files.findLink(from)) ?? "");
    else if (status?.kind === "file") await layFile(laying, from, to, status.mode);
    else throw refused(file.target, `${from} is no regular file, directory or symlink`);
  }
}

/**
 * The file behind `source`. Symlinks must stay in the blueprint's folder; where the blueprint itself names a place outside of it
 * (../shared/x, /srv/x), they must stay in the folder which that file is in.
 */
function allowedSource({ host, directory }: LayFiles, file: FileOverlay): string {
  const named = file.source ?? "";
  const real = (path: string) => resolveInside(host.files, "", path).path;
  const inBlueprint = isBelow(posix.normalize(named), directory);
  const border = real(inBlueprint ? directory : posix.dirname(named));
  const found = real(named);
  if (!isBelow(found, border))
    throw refused(file.target, `${named} leads to ${found}, outside of ${inBlueprint ? "the blueprint's folder" : border}`);
  return found;
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

function ownerOf(tree: ImageTree, { owner }: FileOverlay): Pick<Ownership, "uid" | "gid"> {
  if (owner === undefined) return { uid: 0, gid: 0 };
  const [user = "", group] = owner.split(":");
  return resolveIdentity(tree.facts(), { user, group });
}

function modeOf({ mode }: FileOverlay, otherwise: number): number {
  return allowedMode({ kind: "file", mode: mode ?? otherwise });
}

function refused(target: string, what: string, cause?: unknown): Problem {
  return new Problem("BUILD_FAILED", `cannot lay ${target}: ${what}`, { cause });
}
