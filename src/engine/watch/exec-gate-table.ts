/** The programs of a sealed image as the exec gate's thread gets them. Worked out once for each image; inodes are part of it. */
import { hash } from "node:crypto";
import type { GateImage } from "../../host/exec-gate-rules.ts";
import type { Manifest } from "../../model/image.ts";
import { listPrograms } from "../../plan/execute/gate-programs.ts";
import { type FoundProgram, planOccasions } from "../../plan/execute/plan-occasions.ts";
import { type ProgramHead, parseProgramHead } from "../../plan/execute/program-head.ts";
import { lookInside } from "../build/resolve-inside.ts";
import type { Engine } from "../engine.ts";

const mostKept = 32;

export class GateTables {
  readonly #engine: Engine;
  readonly #kept = new Map<string, Omit<GateImage, "device">>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Of an image that is mounted. Throws Error when its list of files is not the one that the manifest names. */
  async get(manifest: Manifest): Promise<GateImage> {
    const mountPoint = this.#engine.layout.image.mount(manifest.digest);
    const device = this.#engine.host.files.findNow(mountPoint)?.device ?? -1;
    const kept = this.#kept.get(manifest.digest) ?? (await this.#make(manifest, mountPoint));
    this.#kept.delete(manifest.digest);
    this.#kept.set(manifest.digest, kept);
    for (const digest of this.#kept.keys()) if (this.#kept.size > mostKept) this.#kept.delete(digest);
    return { ...kept, device };
  }

  async #make(manifest: Manifest, mountPoint: string): Promise<Omit<GateImage, "device">> {
    const { files } = this.#engine.host;
    const list = this.#engine.layout.image.files(manifest.digest);
    const text = await files.readText(list);
    if (hash("sha256", text, "hex") !== manifest.filesSha256)
      throw new Error(`files.jsonl is not the list that the manifest names: ${list}`);
    const plan = planOccasions(manifest, (path) => this.#find(mountPoint, path));
    const inodes = new Map<string, number>();
    const programs = listPrograms(text).flatMap(({ path, ...program }) => {
      const status = files.findNow(`${mountPoint}${path}`);
      if (status?.kind !== "file") return [];
      inodes.set(path, status.inode);
      return [{ ...program, path, inode: status.inode, occasions: plan ? [...(plan.occasions.get(path) ?? [])] : (["always"] as const) }];
    });
    const loaders = [...(plan?.loaders ?? [])].flatMap((path) => inodes.get(path) ?? []);
    const merged = mergeLinks(programs);
    const held = plan ? merged.filter((program) => this.#isHeld(mountPoint, program)).map(({ path }) => path) : [];
    return { digest: manifest.digest, programs: merged, loaders, held };
  }

  #isHeld(mountPoint: string, { path, occasions }: GateImage["programs"][number]): boolean {
    if (occasions.includes("always")) return false;
    const head = this.#headOf(`${mountPoint}${path}`);
    return head.kind === "elf" && !head.isLibrary;
  }

  #headOf(file: string): ProgramHead {
    return parseProgramHead((position, length) => this.#engine.host.files.readPartNow(file, position, length));
  }

  #find(mountPoint: string, path: string): FoundProgram | undefined {
    const { files } = this.#engine.host;
    const found = lookInside(files, mountPoint, path);
    if (found.status?.kind !== "file" || (found.status.mode & 0o111) === 0) return undefined;
    return { path: found.path, head: this.#headOf(`${mountPoint}${found.path}`) };
  }
}

/** Hard links are one file: what one of its names may, it may. */
function mergeLinks(programs: GateImage["programs"]): GateImage["programs"] {
  const merged = new Map<number, GateImage["programs"][number]>();
  for (const program of programs) {
    const known = merged.get(program.inode);
    const occasions = [...new Set([...(known?.occasions ?? []), ...program.occasions])];
    merged.set(program.inode, { ...(known && program.occasions.length === 0 ? known : program), occasions });
  }
  return [...merged.values()];
}
