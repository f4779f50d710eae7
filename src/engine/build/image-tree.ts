/** Changes inside a tree that is being built. Every path is the image's own; no symlink of the image can lead a write out of the tree. */
import { posix } from "node:path";
import { Problem } from "../../base/problem.ts";
import type { Host } from "../../host/host.ts";
import type { ImageFacts } from "../../plan/services/image-facts.ts";
import { hostId, imageId } from "./build-ids.ts";
import { findTextInside, lookInside, resolveInside } from "./resolve-inside.ts";

export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const rootDirectory: Ownership = { mode: 0o755, uid: 0, gid: 0 };

export class ImageTree {
  readonly root: string;
  readonly #host: Host;

  constructor(host: Host, root: string) {
    this.#host = host;
    this.root = root;
  }

  /** The path without symlinks. Throws Problem BUILD_FAILED. */
  resolve(path: string): string {
    return resolveInside(this.#host.files, this.root, path).path;
  }

  /** Where on the host a new or replaced file of this path lies; the directories above are made. */
  async place(path: string): Promise<string> {
    const { path: resolved } = resolveInside(this.#host.files, this.root, path, { keepLast: true });
    await this.makeDirectory(posix.dirname(resolved));
    return `${this.root}${resolved}`;
  }

  /** Made with those above it where it is missing; one that is there stays as it is. Answers its real path. */
  async makeDirectory(path: string, ownership = rootDirectory): Promise<string> {
    const { path: resolved, status } = resolveInside(this.#host.files, this.root, path);
    if (status?.kind === "directory") return resolved;
    if (status !== undefined) throw new Problem("BUILD_FAILED", `cannot make directory ${path} in the image: something else is there`);
    await this.makeDirectory(posix.dirname(resolved));
    await this.#host.files.makeDirectory(`${this.root}${resolved}`);
    await this.own(resolved, ownership);
    return resolved;
  }

  /** Replaces what was there, if it was no directory. */
  async write(path: string, content: string | Uint8Array, ownership: Ownership): Promise<void> {
    const file = await this.place(path);
    await this.#clear(file, path);
    await this.#host.files.write(file, content, 0o600);
    await this.own(file.slice(this.root.length), ownership);
  }

  async symlink(path: string, target: string): Promise<void> {
    const file = await this.place(path);
    await this.#clear(file, path);
    await this.#host.files.symlink(target, file);
    await this.#host.files.chown(file, hostId(0), hostId(0));
  }

  /** A file, a symlink (not what it leads to) or a whole tree. Answers whether there was one. */
  async remove(path: string): Promise<boolean> {
    const { path: resolved, status } = resolveInside(this.#host.files, this.root, path, { keepLast: true });
    if (status === undefined || resolved === "/") return false;
    await this.#host.files.remove(`${this.root}${resolved}`);
    return true;
  }

  /** `path` must be resolved. Owner first: a change of owner takes mode bits away. */
  async own(path: string, { mode, uid, gid }: Ownership): Promise<void> {
    await this.#host.files.chown(`${this.root}${path}`, hostId(uid), hostId(gid));
    await this.#host.files.chmod(`${this.root}${path}`, mode);
  }

  async #clear(file: string, path: string): Promise<void> {
    if ((await this.#host.files.find(file))?.kind === "directory") {
      throw new Problem("BUILD_FAILED", `cannot write ${path} into the image: a directory is there`);
    }
    await this.#host.files.remove(file);
  }

  readText(path: string): string | undefined {
    return findTextInside(this.#host.files, this.root, path);
  }

  /** What the planner of services asks. */
  facts(): ImageFacts {
    const { root } = this;
    const { files } = this.#host;
    return {
      passwd: this.readText("/etc/passwd") ?? "",
      group: this.readText("/etc/group") ?? "",
      readText: (path) => findTextInside(files, root, path),
      find: (path) => {
        const { path: found, status } = lookInside(files, root, path);
        if (status?.kind !== "file" && status?.kind !== "directory") return undefined;
        return { kind: status.kind, mode: status.mode, uid: imageId(status.uid, found), gid: imageId(status.gid, found) };
      },
    };
  }
}
