import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResolvedName } from "../resolve-name-ttl.ts";
import { createAddressFilter } from "./address-filter.ts";
import { OutsideNames } from "./outside-names.ts";

const found = (ttlSeconds: number, ...addresses: readonly string[]): ResolvedName => ({
  kind: "found",
  addresses: addresses.map((address) => ({ address, ttlSeconds })),
});

/** Outside names with a clock of their own, the firewall they open, and what happens in which order. */
function open(answers: Record<string, ResolvedName>) {
  const clock = { ms: 0 };
  const log: string[] = [];
  const firewall = new Map<string, readonly string[]>();
  const broken = { is: false };
  const names = new OutsideNames({
    now: () => clock.ms,
    isAllowed: createAddressFilter(["10.201.0.0/16"]),
    resolve: async (name) => {
      log.push(`resolve ${name}`);
      return answers[name] ?? { kind: "none" };
    },
    onHeld: async (asker, name, held) => {
      if (broken.is) throw new Error("no firewall");
      log.push(`${asker} ${name} ${held.map(({ address, untilMs }) => `${address}<${untilMs}`).join(" ")}`.trim());
      firewall.set(
        `${asker} ${name}`,
        held.map(({ address }) => address),
      );
    },
    onRebinding: (asker, name, addresses) => log.push(`rebinding ${asker} ${name} ${addresses.join(" ")}`),
  });
  return { names, clock, log, firewall, broken, answers };
}

test("an address is opened before it is handed out, kept beyond its time, and closed", async () => {
  const { names, clock, log, firewall, answers } = open({ "api.org": found(60, "192.0.2.1") });
  assert.deepEqual(await names.ask("web", "api.org"), { kind: "found", addresses: ["192.0.2.1"], ttlSeconds: 60 });
  assert.deepEqual(log, ["resolve api.org", "web api.org 192.0.2.1<90000"]);
  clock.ms = 50_000;
  assert.partialDeepStrictEqual(await names.ask("app", "api.org"), { ttlSeconds: 10 });
  assert.deepEqual(log.slice(2), ["app api.org 192.0.2.1<90000"]);
  clock.ms = 61_000;
  answers["api.org"] = found(60, "192.0.2.2");
  assert.partialDeepStrictEqual(await names.ask("web", "api.org"), { addresses: ["192.0.2.2"] });
  assert.deepEqual(firewall.get("web api.org"), ["192.0.2.1", "192.0.2.2"]);
  clock.ms = 90_000;
  await names.sweep();
  assert.deepEqual([firewall.get("web api.org"), firewall.get("app api.org")], [["192.0.2.2"], []]);
  clock.ms = 151_000;
  await names.sweep();
  assert.deepEqual(firewall.get("web api.org"), []);
});

test("questions at the same time are one, and times are kept within bounds", async () => {
  const { names, log } = open({ "short.org": found(0, "192.0.2.1"), "long.org": found(86_400, "192.0.2.1") });
  await Promise.all([names.ask("web", "short.org"), names.ask("web", "short.org"), names.ask("app", "short.org")]);
  assert.equal(log.filter((line) => line.startsWith("resolve")).length, 1);
  assert.equal(log.filter((line) => line.startsWith("web")).length, 1);
  assert.partialDeepStrictEqual(await names.ask("web", "short.org"), { ttlSeconds: 5 });
  assert.partialDeepStrictEqual(await names.ask("web", "long.org"), { ttlSeconds: 300 });
});

test("addresses that lead back inside are left out and told", async () => {
  const { names, log } = open({ "bad.org": found(9, "127.0.0.1", "10.201.0.5"), "half.org": found(9, "::1", "10.1.2.3") });
  assert.deepEqual(await names.ask("web", "bad.org"), { kind: "none" });
  assert.partialDeepStrictEqual(await names.ask("web", "half.org"), { addresses: ["10.1.2.3"] });
  assert.deepEqual(
    log.filter((line) => line.startsWith("rebinding")),
    ["rebinding web bad.org 127.0.0.1 10.201.0.5", "rebinding web half.org ::1"],
  );
});

test("what cannot be opened is not answered, and what cannot be closed is tried again", async () => {
  const { names, broken, firewall, clock } = open({ "api.org": found(60, "192.0.2.1") });
  broken.is = true;
  await assert.rejects(names.ask("web", "api.org"), /no firewall/);
  broken.is = false;
  await names.ask("web", "api.org");
  broken.is = true;
  clock.ms = 100_000;
  await assert.rejects(names.sweep(), /no firewall/);
  broken.is = false;
  await names.sweep();
  assert.deepEqual(firewall.get("web api.org"), []);
});

test("what is no longer permitted is closed, and not opened by a question that was on its way", async () => {
  const { names, firewall } = open({ "api.org": found(60, "192.0.2.1") });
  await names.ask("web", "api.org");
  const late = names.ask("app", "api.org");
  await names.permit(() => false);
  assert.deepEqual(await late, { kind: "failed" });
  assert.deepEqual([firewall.get("web api.org"), firewall.get("app api.org")], [[], undefined]);
});

test("special addresses and the dock's own are no answers; private ones are", () => {
  const isAllowed = createAddressFilter(["10.201.0.0/16", "fd15:c0de:1::/48", "198.51.100.7"]);
  const closed = ["127.1.2.3", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "10.201.3.4", "198.51.100.7"];
  const closed6 = ["::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "fe80::1", "fe80::1%eth0", "ff02::1", "fd15:c0de:1::5"];
  for (const address of [...closed, ...closed6, "nonsense", ""]) assert.equal(isAllowed(address), false, address);
  for (const address of ["10.202.0.1", "192.168.1.1", "172.16.0.1", "8.8.8.8", "fd00::1", "2001:db8::1", "198.51.100.8"]) {
    assert.equal(isAllowed(address), true, address);
  }
});
