/** What every kind of source makes: layers to build upon. */
import type { Package } from "../../model/image.ts";
import type { OciImageConfig } from "../../model/oci-image-config.ts";

export interface RootLayers {
  /** Directories, the base first; files owned by `buildIds`. */
  readonly lower: readonly string[];
  /** What identifies their content; absent where nothing does, and what is made from them is not cached. */
  readonly key?: string;
  readonly packages: readonly Package[];
  /** Of an OCI image: what runs, as it says. */
  readonly config?: OciImageConfig;
}
