/** The blueprint's `from`: where the root file system comes from. */
import { z } from "zod";
import { complain, line } from "./scalars.ts";

/** As the operator wrote it: local paths may still be relative to the blueprint. */
export type SourceForm =
  | { readonly kind: "debian"; readonly suite: string; readonly packages: readonly string[] }
  | { readonly kind: "oci"; readonly transport: string; readonly rest: string }
  | { readonly kind: "directory"; readonly path: string };

/** Debian policy 5.6.1: lower-case letters, digits, plus, minus, full stop; at least two, the first a letter or digit. */
const packageName = line("expected a Debian package's name, such as nginx-light", /^[a-z0-9][a-z0-9+.-]{1,127}$/);

const registryReference =
  /^\/\/[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9][a-zA-Z0-9._-]*)*(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;
/** A path, and perhaps the name of one image in it. The first colon ends the path (containers/image, oci/internal). */
const localReference = /^[^:\n\t-][^:\n\t]*(?::[a-zA-Z0-9._@/:-]{1,255})?$/;
const ociRule = "docker://REGISTRY/NAME:TAG, oci:DIR, oci-archive:FILE or docker-archive:FILE";

export const sourceForm = z
  .strictObject(
    {
      debian: line("expected a Debian suite, such as bookworm", /^[a-z][a-z0-9-]{0,63}$/)
        .optional()
        .describe("A Debian suite, such as bookworm; its packages come through the machine's own apt sources and keys."),
      packages: z
        .array(packageName, { error: "expected a list of package names" })
        .max(512, "expected at most 512 packages")
        .optional()
        .describe("Debian packages to install, with what they depend on. Only with debian."),
      oci: line(`expected ${ociRule}`).optional().describe(`An OCI image: ${ociRule}. Local paths are relative to the blueprint.`),
      directory: line("expected a path, such as ./rootfs", /^[^\n\t]+$/)
        .optional()
        .describe("A folder that holds a whole root file system; relative to the blueprint."),
    },
    { error: "expected a mapping such as { debian: bookworm, packages: [nginx-light] }" },
  )
  .transform((from, context): SourceForm => {
    const kinds = (["debian", "oci", "directory"] as const).filter((kind) => from[kind] !== undefined);
    if (kinds.length !== 1)
      return complain(
        context,
        `names ${kinds.length === 0 ? "no source" : kinds.join(" and ")}, expected exactly one of debian, oci or directory`,
      );
    if (from.packages !== undefined && from.debian === undefined)
      return complain(context, `packages are installed only from debian, not into ${kinds[0]}`, ["packages"]);
    if (from.debian !== undefined) return debianOf(from.debian, from.packages ?? [], context);
    return from.oci === undefined ? { kind: "directory", path: from.directory ?? "" } : ociOf(from.oci, context);
  })
  .meta({ oneOf: [{ required: ["debian"] }, { required: ["oci"] }, { required: ["directory"] }] });

function debianOf(suite: string, packages: readonly string[], context: z.core.$RefinementCtx): SourceForm {
  for (const [index, entry] of packages.entries()) {
    if (packages.indexOf(entry) < index) complain(context, `${entry} is given twice`, ["packages", index]);
  }
  return { kind: "debian", suite, packages };
}

function ociOf(reference: string, context: z.core.$RefinementCtx): SourceForm {
  const [, transport = "", rest = ""] = /^(docker|oci|oci-archive|docker-archive):(.*)$/.exec(reference) ?? [];
  if (!(transport === "docker" ? registryReference : localReference).test(rest)) return complain(context, `expected ${ociRule}`, ["oci"]);
  return { kind: "oci", transport, rest };
}
