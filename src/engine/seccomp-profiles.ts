/** The seccomp profiles of this installation, and the filter that an image's ISCs get from them. */
import type { Files } from "../host/host.ts";
import type { Manifest } from "../model/image.ts";
import { SeccompFragment, SeccompProfile } from "../model/seccomp-profile.ts";
import { type OciSeccomp, renderSeccomp } from "../render/seccomp.ts";

/** profiles/seccomp, read once. */
export class SeccompProfiles {
  readonly #files: Files;
  readonly #directory: string;
  #loaded: Promise<{ readonly profile: SeccompProfile; readonly wxFragment: SeccompFragment }> | undefined;

  constructor(files: Files, profiles: string) {
    this.#files = files;
    this.#directory = `${profiles}/seccomp`;
  }

  /** The filter of an image's ISCs. @param runtime under which they run, where that is known */
  async render({ posture, architecture }: Pick<Manifest, "posture" | "architecture">, runtime?: string): Promise<OciSeccomp> {
    this.#loaded ??= this.#load();
    return renderSeccomp({ ...(await this.#loaded), rights: posture.rights, architecture, isTold: runtime === "crun" });
  }

  async #load() {
    const read = async (name: string): Promise<unknown> => JSON.parse(await this.#files.readText(`${this.#directory}/${name}.json`));
    return { profile: SeccompProfile.parse(await read("default")), wxFragment: SeccompFragment.parse(await read("write-xor-execute")) };
  }
}
