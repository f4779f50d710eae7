/** build and image-*. */
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

export function imageHandlers(_dock: Dock): Pick<Handlers, "build"> & any {
  return {};
}
