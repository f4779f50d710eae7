/** What an image is made of, as an SPDX 2.3 document in JSON. The same packages give the same text: no random ids, no date of today. */
import type { Package } from "../model/image.ts";

export interface SbomInput {
  readonly name: string;
  /** SHA-256 of files.jsonl: makes the document's name unique to its content. */
  readonly filesSha256: string;
  readonly packages: readonly Package[];
}

export function renderSbom({ name, filesSha256, packages }: SbomInput): string {
  const root = "SPDXRef-Image";
  const described = packages.map((pkg) => ({ pkg, id: `SPDXRef-Package-${pkg.name}-${pkg.architecture}`.replace(/[^A-Za-z0-9.-]/g, "-") }));
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: `urn:isc:sbom:${filesSha256}`,
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: iscadm"] },
    packages: [
      { SPDXID: root, name, downloadLocation: "NOASSERTION", filesAnalyzed: false, primaryPackagePurpose: "CONTAINER" },
      ...described.map(({ pkg, id }) => ({
        SPDXID: id,
        name: pkg.name,
        versionInfo: pkg.version,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: "NOASSERTION",
        licenseDeclared: "NOASSERTION",
        copyrightText: "NOASSERTION",
        ...(pkg.source === undefined ? {} : { sourceInfo: `built from source package ${pkg.source}` }),
        externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: packageUrl(pkg) }],
      })),
    ],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: root },
      ...described.map(({ id }) => ({ spdxElementId: root, relationshipType: "CONTAINS", relatedSpdxElement: id })),
    ],
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

/** Package URL specification, type deb. */
export function packageUrl({ name, version, architecture }: Package): string {
  return `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
}
