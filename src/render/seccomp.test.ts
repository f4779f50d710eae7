import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { SeccompFragment, SeccompProfile } from "../model/seccomp-profile.ts";
import { hashSeccomp, renderSeccomp } from "./seccomp.ts";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../profiles/seccomp", `${name}.json`), "utf8"));
const profile = SeccompProfile.parse(read("default"));
const wxFragment = SeccompFragment.parse(read("write-xor-execute"));
const none = { capabilities: [], syscalls: [], writableCode: false };
const render = (rights: Parameters<typeof renderSeccomp>[0]["rights"]) =>
  renderSeccomp({ profile, wxFragment, rights, architecture: "amd64" });

test("the filter is the golden one", () => {
  const golden = readFileSync(join(import.meta.dirname, "golden/seccomp.json"), "utf8");
  assert.equal(`${JSON.stringify(render(none), undefined, 2)}\n`, golden);
});

test("each list of the profiles names a call once, in order, and refuses nothing that it allows", () => {
  const lists = [profile.allow, ...profile.refuse.map(({ names }) => names)];
  for (const list of lists) assert.deepEqual(list, [...new Set(list)].sort());
  const all = lists.flat();
  assert.equal(new Set(all).size, all.length);
  for (const { names } of profile.conditions) for (const name of names) assert(!all.includes(name), name);
});

test("each condition names each argument once, since libseccomp takes no more", () => {
  for (const { names, when } of [...profile.conditions, ...wxFragment.conditions]) {
    for (const comparisons of when) {
      const indexes = comparisons.map(({ argument }) => argument);
      assert.equal(new Set(indexes).size, indexes.length, names.join());
    }
  }
});

const anyRights = fc.record({
  capabilities: fc.subarray(["CAP_SYS_PTRACE", "CAP_SYS_CHROOT", "CAP_KILL"]),
  syscalls: fc.subarray(["ptrace", "mprotect", "socket", "clone", "clone3", "read", "unheard_of"]),
  writableCode: fc.boolean(),
});

test("no call has an unconditional rule beside another rule, which libseccomp would drop", () => {
  fc.assert(
    fc.property(anyRights, (rights) => {
      const rules = render(rights).syscalls.flatMap(({ names, args }) =>
        names.map((name) => ({ name, isConditional: args !== undefined })),
      );
      for (const { name } of rules.filter(({ isConditional }) => !isConditional)) {
        assert.equal(rules.filter((rule) => rule.name === name).length, 1, name);
      }
    }),
  );
});

test("declared calls are allowed without conditions, but memory stays writable or executable unless writable code is declared", () => {
  const allowed = (rights: Parameters<typeof render>[0]) => render(rights).syscalls[0]?.names ?? [];
  assert(allowed({ ...none, syscalls: ["socket", "ptrace"] }).includes("socket"));
  assert(!allowed({ ...none, syscalls: ["mprotect"] }).includes("mprotect"));
  assert(allowed({ ...none, writableCode: true }).includes("mprotect"));
  assert(allowed({ ...none, capabilities: ["CAP_SYS_CHROOT"] }).includes("chroot"));
});

test("the hash tells filters apart", () => {
  assert.equal(hashSeccomp(render(none)), hashSeccomp(render(none)));
  assert.notEqual(hashSeccomp(render(none)), hashSeccomp(render({ ...none, writableCode: true })));
});
