/** The statement that is signed with an image: which files, made how, of what (in-toto Statement v1, SLSA provenance v1). No date: the same build says the same. */
import type { Source } from "../model/blueprint.ts";
import type { Package } from "../model/image.ts";
import { imageAlgorithm, predicateType, type SealedFile, type Statement, statementType } from "../model/seal.ts";
import { packageUrl } from "./sbom.ts";

export interface ProvenanceInput {
  /** fs-verity digest, hexadecimal. */
  readonly imageDigest: string;
  /** SHA-256, hexadecimal. */
  readonly files: Readonly<Record<Exclude<SealedFile, "image.erofs">, string>>;
  readonly from: Source;
  readonly slim: boolean;
  readonly packages: readonly Package[];
}

export function renderProvenance({ imageDigest, files, from, slim, packages }: ProvenanceInput): string {
  const statement: Statement = {
    _type: statementType,
    subject: [
      { name: "image.erofs", digest: { [imageAlgorithm]: imageDigest } },
      ...Object.entries(files).map(([name, sha256]) => ({ name, digest: { sha256 } })),
    ],
    predicateType,
    predicate: {
      buildDefinition: {
        buildType: "urn:isc:build:1",
        externalParameters: { from, slim, blueprint: { digest: { sha256: files["blueprint.yaml"] } } },
        internalParameters: {},
        resolvedDependencies: packages.map((pkg) => ({ uri: packageUrl(pkg) })),
      },
      runDetails: { builder: { id: "urn:isc:dock" } },
    },
  };
  return JSON.stringify(statement);
}
