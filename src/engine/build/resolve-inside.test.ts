import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { FileStatus } from "../../host/host.ts";
import { type LookAt, resolveInside } from "./resolve-inside.ts";

/** Names to what is there: a link's target, or null for a directory, or undefined for a file. */
type Tree = Readonly<Record<string, string | null | undefined>>;

function lookAt(tree: Tree): LookAt {
  const entryOf = (path: string) => (path === "/tree" ? null : tree[path.slice("/tree".length)]);
  return {
    findNow: (path) => {
      if (path !== "/tree" && !Object.hasOwn(tree, path.slice("/tree".length))) return undefined;
      const entry = entryOf(path);
      return { kind: entry === null ? "directory" : entry === undefined ? "file" : "symlink" } as FileStatus;
    },
    findLinkNow: (path) => entryOf(path) ?? undefined,
  };
}

const resolve = (tree: Tree, path: string, keepLast = false) => resolveInside(lookAt(tree), "/tree", path, { keepLast }).path;

test("a plain path stays as it is, there or not", () => {
  assert.equal(resolve({ "/etc": null }, "/etc/new/file"), "/etc/new/file");
  assert.equal(resolve({}, "/"), "/");
});

test("an absolute symlink leads to the tree's own root", () => {
  assert.equal(resolve({ "/etc": null, "/etc/passwd": "/outside/passwd" }, "/etc/passwd"), "/outside/passwd");
  assert.equal(resolve({ "/var": null, "/var/run": "/run", "/run": null }, "/var/run/web"), "/run/web");
});

test("dots never lead above the root", () => {
  assert.equal(resolve({ "/a": "../../../../etc" }, "/a/shadow"), "/etc/shadow");
});

test("the last symlink can be kept", () => {
  assert.equal(resolve({ "/a": "/b" }, "/a", true), "/a");
  assert.equal(resolve({ "/a": "/b", "/b": null }, "/a/c", true), "/b/c");
});

test("circles and ways through files are problems", () => {
  assert.throws(() => resolve({ "/a": "/b", "/b": "/a" }, "/a/c"), { code: "BUILD_FAILED", message: /too many symlinks/ });
  assert.throws(() => resolve({ "/a": undefined }, "/a/c"), { code: "BUILD_FAILED", message: /through \/a in the image/ });
});

test("whatever the tree and the path, the answer lies inside and holds no symlink", () => {
  const name = fc.constantFrom("a", "b", "c", "..", ".");
  const path = fc.array(name, { maxLength: 5 }).map((names) => `/${names.join("/")}`);
  const entry = fc.oneof(fc.constant(null), path, fc.constant("../.."), fc.constant("b/../c"));
  const key = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`);
  fc.assert(
    fc.property(fc.dictionary(key, entry), path, (tree, wanted) => {
      try {
        const answer = resolve(tree, wanted);
        assert.equal(posix.normalize(answer), answer);
        assert.ok(!answer.includes(".."));
        const parts = answer.split("/").slice(1);
        for (let length = 1; length <= parts.length; length += 1) {
          assert.notEqual(typeof tree[`/${parts.slice(0, length).join("/")}`], "string");
        }
      } catch (error) {
        assert.equal((error as { code?: string }).code, "BUILD_FAILED");
      }
    }),
  );
});
