/** Formatted, empty scratch file systems, one for each size. */
import type { Host } from "../host/host.ts";
import type { SparseImage } from "../host/kernel/sparse.ts";
import type { Layout } from "../model/layout.ts";
import { formatExt4 } from "../tools/mkfs-ext4.ts";

/** Goes with the arguments of mkfs: another form of scratch gets another number. */
const templateForm = 1;

/** Formatted file systems by size, made once and kept: on disk whole, in memory only the few blocks that are not zero. */
export class ScratchTemplates {
  readonly #host: Host;
  readonly #layout: Layout;
  readonly #bySize = new Map<number, Promise<SparseImage>>();

  constructor({ host, layout }: { readonly host: Host; readonly layout: Layout }) {
    this.#host = host;
    this.#layout = layout;
  }

  /** Throws CommandFailure or the error of node:fs; then the next call tries again. */
  get(sizeBytes: number): Promise<SparseImage> {
    const known = this.#bySize.get(sizeBytes);
    if (known !== undefined) return known;
    const made = this.#make(sizeBytes).catch((error: unknown) => {
      this.#bySize.delete(sizeBytes);
      throw error;
    });
    this.#bySize.set(sizeBytes, made);
    return made;
  }

  async #make(sizeBytes: number): Promise<SparseImage> {
    const { files, kernel } = this.#host;
    const path = `${this.#layout.scratchTemplates}/ext4-${templateForm}-${sizeBytes}`;
    if (!(await files.find(path))) await this.#format(path, sizeBytes);
    return kernel.sparse.readSparse(path);
  }

  async #format(path: string, sizeBytes: number): Promise<void> {
    const { files, kernel } = this.#host;
    await files.makeDirectory(this.#layout.scratchTemplates);
    const draft = `${path}.new`;
    await files.remove(draft);
    kernel.sparse.writeSparse(draft, { sizeBytes, extents: [] });
    await formatExt4(this.#host, draft);
    await files.sync(draft);
    await files.rename(draft, path);
  }
}
