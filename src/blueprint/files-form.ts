/** The blueprint's `files`: what is laid over the root before it is sealed. */
import { z } from "zod";
import type { FileOverlay } from "../model/blueprint.ts";
import { findOverlayObstacle } from "./places.ts";
import { complain, mode, owner, sourcePath, target } from "./scalars.ts";

const overlayForm = z.strictObject({
  source: sourcePath.optional().describe("A file or folder beside the blueprint."),
  content: z.string({ error: "expected text" }).max(262_144).optional().describe("The file's text itself."),
  mode: mode.optional().describe('Three octal digits, such as "0644". Without it: 0755 for what may be executed, 0644 for the rest.'),
  owner: owner.optional().describe("user or user:group, by name (of the image) or number. Without it: root."),
});

/** `source` is still relative to the blueprint. */
export const filesForm = z
  .record(
    target,
    z.union([sourcePath, overlayForm], { error: "expected a path such as ./site.conf, or a mapping with source or content" }),
    {
      error: "expected a mapping of places in the image to files, such as { /etc/motd: ./motd }",
    },
  )
  .transform((files, context): readonly FileOverlay[] => {
    const overlays = Object.entries(files).map(
      ([path, given]): FileOverlay => ({ target: path, ...(typeof given === "string" ? { source: given } : given) }),
    );
    if (overlays.length > 4096) complain(context, "expected at most 4096 files; lay a folder instead");
    const seen = new Set<string>();
    for (const overlay of overlays) {
      const mistake = findOverlayMistake(overlay);
      if (mistake !== undefined) complain(context, mistake, [overlay.target]);
      const plain = overlay.target.replace(/\/$/, "");
      if (seen.has(plain)) complain(context, "given twice, with and without a slash", [overlay.target]);
      seen.add(plain);
    }
    return overlays;
  });

function findOverlayMistake({ target: path, source, content, mode: bits }: FileOverlay): string | undefined {
  if ((source === undefined) === (content === undefined)) return "expected either source or content";
  if (path.endsWith("/") && source === undefined) return "expected a source: a path that ends in a slash takes a folder's contents";
  if (path.endsWith("/") && bits !== undefined) return "expected no mode: a folder's contents keep their own";
  return findOverlayObstacle(path.replace(/\/$/, ""));
}
