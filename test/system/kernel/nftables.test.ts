import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createNetworkNamespace, removeNetworkNamespace, withNetworkNamespace } from "../../../src/host/kernel/namespaces.ts";
import { Nftables, NftError } from "../../../src/host/kernel/nftables.ts";
import { makePrivateMount } from "./private-mount.ts";

/** A handle on an empty namespace of its own; the rules of the machine are never touched. */
function withNftables(run: (nftables: Nftables) => void): void {
  using place = makePrivateMount();
  const pin = join(place.path, "netns");
  createNetworkNamespace(pin);
  try {
    withNetworkNamespace(pin, () => {
      using nftables = new Nftables();
      run(nftables);
    });
  } finally {
    removeNetworkNamespace(pin);
  }
}

test("a ruleset is loaded, changed and listed as JSON", () => {
  withNftables((nftables) => {
    nftables.run("table ip isc_test { map ports { type inet_service : ipv4_addr . inet_service; }; }");
    nftables.run("add element ip isc_test ports { 8080 : 10.99.0.2 . 80 }");
    assert.match(JSON.stringify(nftables.runJson("list map ip isc_test ports")), /\[8080,\{"concat":\["10.99.0.2",80\]\}\]/);
    nftables.run("delete table ip isc_test");
    assert.doesNotMatch(JSON.stringify(nftables.runJson("list ruleset")), /isc_test/);
  });
});

test("a refused ruleset names nft's own complaint and changes nothing", () => {
  withNftables((nftables) => {
    assert.throws(
      () => nftables.run("add table ip isc_test\nadd chain ip isc_missing forward"),
      (error) => error instanceof NftError && /No such file or directory/.test(error.complaint),
    );
    assert.throws(() => nftables.run("add tabel ip isc_test"), /syntax error/);
    assert.doesNotMatch(JSON.stringify(nftables.runJson("list tables")), /isc_test/);
  });
});

test("a check accepts what would load, and loads nothing", () => {
  withNftables((nftables) => {
    nftables.check("add table ip isc_test");
    assert.doesNotMatch(JSON.stringify(nftables.runJson("list tables")), /isc_test/);
    assert.throws(() => nftables.check("add chain ip isc_missing forward"), NftError);
  });
});

test("a handle stays with the namespace it was opened in", () => {
  using place = makePrivateMount();
  const pin = join(place.path, "netns");
  const inside = createNetworkNamespace(pin, () => new Nftables());
  inside.run("add table ip isc_test_inside");
  {
    using home = new Nftables();
    assert.doesNotMatch(JSON.stringify(home.runJson("list tables")), /isc_test_inside/);
  }
  assert.match(JSON.stringify(inside.runJson("list tables")), /isc_test_inside/);
  inside.close();
  inside.close();
  assert.throws(() => inside.run("list tables"), /nftables is closed/);
  removeNetworkNamespace(pin);
});
