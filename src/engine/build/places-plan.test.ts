import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TreeEntry } from "../../host/tree-hash.ts";
import { planPlaces } from "./places-plan.ts";

const directory = (path: string, uid = 0, gid = 0, mode = 0o755): TreeEntry => ({ path, kind: "directory", mode, uid, gid, sizeBytes: 0 });
const file = (path: string): TreeEntry => ({ path, kind: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 1 });
const owner = { uid: 33, gid: 33 };
const want = (path: string, uid = 33) => ({ path, mode: 0o755, uid, gid: uid });
const find = (places: ReturnType<typeof planPlaces>, path: string) => places.find((place) => place.path === path);

test("/run, /tmp, /var/log and /var/tmp are always there and belong to who runs", () => {
  const places = planPlaces({ entries: [], wanted: [], volumes: [], owner });
  assert.deepEqual(
    places.map(({ path, mode, uid }) => [path, mode, uid]),
    [
      ["/run", 0o755, 33],
      ["/tmp", 0o1777, 33],
      ["/var/log", 0o755, 33],
      ["/var/tmp", 0o1777, 33],
    ],
  );
});

test("what a package left in /var/log comes back on scratch; root's is given to who runs, a group of its own stays", () => {
  const entries = [directory("/var/log"), directory("/var/log/nginx", 0, 4, 0o2755), file("/var/log/x")];
  const log = find(planPlaces({ entries, wanted: [], volumes: [], owner }), "/var/log");
  assert.deepEqual(log?.directories, [{ path: "/var/log/nginx", mode: 0o755, uid: 33, gid: 4 }]);
  assert.equal(log?.seeded, false);
});

test("a service's directory below /run lies in /run with all that leads to it, one elsewhere is a place of its own", () => {
  const places = planPlaces({
    entries: [directory("/var/lib/web"), file("/var/lib/web/start.db")],
    wanted: [want("/run/a/b"), want("/var/lib/web")],
    volumes: [],
    owner,
  });
  assert.deepEqual(
    find(places, "/run")?.directories.map(({ path }) => path),
    ["/run/a", "/run/a/b"],
  );
  assert.equal(find(places, "/var/lib/web")?.seeded, true);
});

test("a volume above a wanted directory takes it in, one below it is a place inside the place", () => {
  const above = planPlaces({ entries: [], wanted: [want("/srv/data/x")], volumes: ["/srv/data"], owner });
  assert.deepEqual(
    find(above, "/srv/data")?.directories.map(({ path }) => path),
    ["/srv/data/x"],
  );
  const below = planPlaces({
    entries: [directory("/srv/data"), directory("/srv/data/x")],
    wanted: [want("/srv/data")],
    volumes: ["/srv/data/x"],
    owner,
  });
  assert.ok(find(below, "/srv/data") && find(below, "/srv/data/x"));
});

test("every wanted directory is a place or in one, none is in two, parents before children, whatever is asked for", () => {
  const name = fc.constantFrom("a", "b", "run", "var", "log", "tmp");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
  fc.assert(
    fc.property(fc.array(path), fc.array(path, { maxLength: 3 }), fc.array(path), (wanted, volumes, tree) => {
      const places = planPlaces({ entries: tree.map((at) => directory(at)), wanted: wanted.map((at) => want(at)), volumes, owner });
      const listed = places.flatMap((place) => place.directories.map((inner) => inner.path));
      for (const at of wanted) assert.ok([...places.map((place) => place.path), ...listed].includes(at), at);
      assert.equal(new Set(listed).size, listed.length);
      for (const place of places) {
        const seen = new Set([place.path]);
        for (const inner of place.directories) {
          assert.ok(inner.path.startsWith(`${place.path}/`));
          assert.ok(seen.has(inner.path.slice(0, inner.path.lastIndexOf("/"))), `${inner.path} before its parent`);
          seen.add(inner.path);
        }
      }
    }),
  );
});
