import assert from "node:assert/strict";
import { test } from "node:test";
import { Statement } from "../model/seal.ts";
import { renderProvenance } from "./provenance.ts";
import { renderSbom } from "./sbom.ts";

const packages = [
  { name: "libstdc++6", version: "12.2.0-14", architecture: "amd64", source: "gcc-12" },
  { name: "redis", version: "5:7.0.15-1~deb12u5", architecture: "amd64" },
];

test("an SBOM names every package with version and package URL, and says the same each time", () => {
  const text = renderSbom({ name: "cache", filesSha256: "ab", packages });
  assert.equal(text, renderSbom({ name: "cache", filesSha256: "ab", packages }));
  const document = JSON.parse(text);
  assert.equal(document.spdxVersion, "SPDX-2.3");
  assert.deepEqual(
    document.packages.slice(1).map((pkg: { externalRefs: { referenceLocator: string }[] }) => pkg.externalRefs[0]?.referenceLocator),
    ["pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64", "pkg:deb/debian/redis@5%3A7.0.15-1~deb12u5?arch=amd64"],
  );
  for (const { SPDXID } of document.packages) assert.match(SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
});

test("provenance is an in-toto statement about every sealed file", () => {
  const files = { "manifest.json": "1", "files.jsonl": "2", "sbom.json": "3", "blueprint.yaml": "4" };
  const text = renderProvenance({
    imageDigest: "0f",
    files,
    from: { kind: "debian", suite: "bookworm", packages: [] },
    slim: true,
    packages,
  });
  const statement = Statement.parse(JSON.parse(text));
  assert.deepEqual(statement.subject.map((subject) => subject.name).toSorted(), [
    "blueprint.yaml",
    "files.jsonl",
    "image.erofs",
    "manifest.json",
    "sbom.json",
  ]);
  assert.deepEqual(statement.subject[0], { name: "image.erofs", digest: { "fsverity-sha256": "0f" } });
});
