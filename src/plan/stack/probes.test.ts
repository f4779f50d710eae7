import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Name } from "../../model/name.ts";
import type { IscEnd, ProbeEnds, ServiceEnd } from "./probe-model.ts";
import { judgeProbe, planProbes } from "./probes.ts";

const protocols = fc.constantFrom("tcp" as const, "udp" as const);
const names = ["web" as Name, "app" as Name, "db" as Name];

/** Members of one or two ISCs, on one or two networks. */
const stacks = fc
  .record({
    counts: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    both: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    flows: fc.array(fc.record({ from: fc.nat(3), to: fc.nat(2), port: fc.integer({ min: 1, max: 2_000 }), protocol: protocols }), {
      maxLength: 5,
    }),
    exposed: fc.option(
      fc.record({ member: fc.nat(2), hostPort: fc.integer({ min: 1, max: 65_535 }), port: fc.integer({ min: 1, max: 65_535 }) }),
    ),
    quarantined: fc.nat(9),
  })
  .map(({ counts, both, flows, exposed, quarantined }): ProbeEnds => {
    const networksOf = (member: number) => (both[member] ? (["front", "back"] as Name[]) : (["back"] as Name[]));
    const iscs = names.flatMap((member, at) =>
      Array.from({ length: counts[at] ?? 1 }, (_, number): IscEnd => {
        const slot = at * 2 + number + 1;
        const interfaces = networksOf(at).map((network, position) => ({
          network,
          link: `isc-${slot}${position}`,
          inside: `eth${position}`,
          address: `10.0.${position}.${slot}`,
          address6: `fd00:${position}::${slot}`,
          mac: `02:00:00:00:0${position}:0${slot}`,
          gatewayMac: `02:00:00:01:0${position}:0${slot}`,
          gateway: "10.0.9.1",
          gateway6: "fe80::1",
        }));
        return { name: `${member}-${number + 1}` as Name, member, quarantined: quarantined === slot, interfaces };
      }),
    );
    const instancesOf = (member: Name | undefined) =>
      iscs.filter((isc) => isc.member === member && !isc.quarantined).map(({ name }) => name);
    const services = names.flatMap((member, at) =>
      networksOf(at).flatMap((network, position): readonly ServiceEnd[] => {
        const address = (last: number) => ({
          address: `10.1.${position}.${at * 10 + last}`,
          address6: `fd01:${position}::${at * 10 + last}`,
        });
        const own = iscs.filter((isc) => isc.member === member && counts[at] === 2);
        const single = own.map(({ name }, index) => ({ network, member, isc: name, ...address(index + 2), instances: [name] }));
        return [{ network, member, ...address(1), instances: instancesOf(member) }, ...single];
      }),
    );
    return {
      iscs,
      services,
      flows: flows.flatMap(({ from, to, port, protocol }) =>
        (from === 3 ? ["dock"] : iscs.filter(({ member }) => member === names[from]).map(({ name }) => name)).map((one) => ({
          from: one,
          network: "back" as Name,
          member: names[to] ?? ("db" as Name),
          port,
          protocol,
        })),
      ),
      exposures: exposed
        ? [{ ...exposed, protocol: "tcp", member: names[exposed.member] ?? ("db" as Name), instances: instancesOf(names[exposed.member]) }]
        : [],
      destinations: [],
      listens: [],
      resolver: { address: "10.0.9.1", port: 53 },
      outside: { address: "198.18.0.2", address6: "fd99::2", gateway: "198.18.0.1", gateway6: "fd99::1" },
    };
  });

test("every ordered pair of ISCs is tried with tcp, udp and icmp, over both kinds of IP, on each network of the target", () => {
  fc.assert(
    fc.property(stacks, (ends) => {
      const tried = new Set(
        planProbes(ends).map(({ from, to, network, family, packet }) => `${from} ${to} ${network} ${family} ${packet.kind}`),
      );
      const pairs = ends.iscs.flatMap((from) => ends.iscs.filter((to) => to !== from).map((to) => [from, to] as const));
      const wanted = pairs.flatMap(([from, to]) =>
        to.interfaces.flatMap(({ network }) =>
          ["4 tcp", "4 udp", "4 echo", "6 tcp", "6 udp", "6 echo"].map((kind) => `${from.name} ${to.name} ${network} ${kind}`),
        ),
      );
      assert.deepEqual(
        wanted.filter((one) => !tried.has(one)),
        [],
      );
    }),
  );
});

test("only service addresses, exposed ports and the resolver may let anything through, and only as a flow says", () => {
  fc.assert(
    fc.property(stacks, (ends) => {
      const services = new Map(ends.services.flatMap((one) => [one.address, one.address6 ?? ""].map((address) => [address, one])));
      for (const probe of planProbes(ends)) {
        if (probe.expected === "refused") continue;
        assert(probe.packet.kind === "tcp" || probe.packet.kind === "udp");
        const { destination, port, kind } = probe.packet;
        const service = services.get(destination);
        const isFlow = ends.flows.some(
          (flow) => flow.from === probe.from && flow.member === service?.member && flow.port === port && flow.protocol === kind,
        );
        const isExposed = probe.from === "outside" && ends.exposures.some(({ hostPort }) => hostPort === port);
        assert(isFlow || isExposed || (destination === ends.resolver?.address && port === 53));
        assert(
          !ends.iscs.some(
            ({ name, quarantined }) =>
              quarantined && (probe.from === name || (probe.arrivals.includes(name) && service?.isc === undefined)),
          ),
        );
      }
    }),
  );
});

test("each flow of ISCs that are not in quarantine has a probe that passes, of each kind of IP", () => {
  fc.assert(
    fc.property(stacks, (ends) => {
      const probes = planProbes(ends);
      for (const flow of ends.flows) {
        const sender = ends.iscs.find(({ name }) => name === flow.from);
        const target = ends.services.find(
          ({ member, network, isc }) => member === flow.member && network === flow.network && isc === undefined,
        );
        const isAlone = ends.iscs.filter(({ member }) => member === flow.member).every(({ name }) => name === flow.from);
        if (sender?.quarantined || !target || target.instances.length === 0 || isAlone) continue;
        for (const family of [4, 6])
          assert(
            probes.some(
              ({ from, expected, packet, ...probe }) =>
                from === flow.from &&
                expected === "passes" &&
                probe.family === family &&
                packet.kind === flow.protocol &&
                packet.port === flow.port,
            ),
          );
      }
    }),
  );
});

test("what is seen is judged by where it arrived", () => {
  const [ends] = fc.sample(stacks, { numRuns: 1, seed: 1 });
  assert(ends);
  const probes = planProbes(ends);
  const refused = probes.find(({ from, to }) => from === "web-1" && to === "app-1");
  const outside = probes.find(({ from }) => from === "outside");
  const told = probes.find(({ from, expected, to }) => from === "web-1" && to === "dock" && expected === "passes");
  assert(refused && outside && told);
  const seen = (probe: typeof refused, ...ats: readonly string[]) => judgeProbe(probe, new Set(ats)).seen;
  assert.equal(seen(refused), "refused");
  assert.equal(seen(refused, "db-1"), "passes", "a packet that comes out elsewhere has come out");
  assert.equal(seen(refused, "web-1"), "refused");
  assert.equal(seen(outside, "dock"), "refused", "the host is no ISC");
  assert.equal(seen(outside, "db-1"), "passes");
  assert.equal(seen(told, "app-1"), "refused", "elsewhere is not where it should go");
  assert.equal(seen(told, "dock"), "passes");
});
