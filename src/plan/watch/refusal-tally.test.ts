import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../model/digest.ts";
import { EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { intervalMs, RefusalTally } from "./refusal-tally.ts";
import { describeCount, type Refused } from "./refusal-words.ts";

const image = `sha256:${"ab".repeat(32)}` as Digest;

function refused(change: Partial<Refused> = {}): Refused {
  const out = { direction: "out", source: "10.201.0.2", destination: "192.0.2.9", peer: "192.0.2.9", link: "isc0b12-1" } as const;
  return {
    isc: { name: "web" as Name, image },
    ...out,
    quarantined: false,
    limited: false,
    isNeighbour: false,
    protocol: "tcp",
    port: 443,
    isOpening: true,
    count: 1,
    ...change,
  };
}

test("the first packet is told at once, the others with their count when the interval is over", () => {
  const tally = new RefusalTally();
  const [first, ...none] = tally.note(refused({ flags: "SYN" }), 0);
  assert.deepEqual(none, []);
  assert.deepEqual(EventDraft.parse(first), {
    sensor: "firewall",
    severity: "warning",
    kind: "firewall.refused",
    isc: "web",
    image,
    message: "refused a packet out to 192.0.2.9 tcp 443",
    facts: {
      direction: "out",
      source: "10.201.0.2",
      destination: "192.0.2.9",
      protocol: "tcp",
      port: 443,
      flags: "SYN",
      link: "isc0b12-1",
      count: 1,
    },
    technique: "T1071",
  });
  assert.deepEqual(tally.note(refused({ count: 4 }), 1_000), []);
  assert.deepEqual(tally.end(intervalMs - 1), []);
  assert.deepEqual(
    tally.end(intervalMs).map(({ message }) => message),
    ["refused 4 packets out to 192.0.2.9 tcp 443"],
  );
  assert(tally.isEmpty);
});

test("what one ISC may tell by name is limited, the rest is counted, and another is not held back", () => {
  const tally = new RefusalTally();
  const told = Array.from({ length: 500 }, (_, port) => tally.note(refused({ port: port + 1 }), port)).flat();
  assert.equal(told.filter(({ kind }) => kind === "firewall.refused").length, 20);
  const scans = told.filter(({ kind }) => kind === "firewall.scan");
  assert.deepEqual(
    scans.map(({ severity, technique }) => [severity, technique]),
    [["alert", "T1046"]],
  );
  assert.equal(tally.note(refused({ isc: { name: "db" as Name, image } }), 600).length, 1);
  const [rest] = tally.end(intervalMs);
  assert.equal(rest?.kind, "firewall.scan");
  assert.equal(rest?.facts.count, 480);
  assert.equal(rest?.facts.kinds, 500);
  const counted = [...told, rest].reduce((sum, event) => sum + Number(event?.facts.count), 0);
  assert.equal(counted, 500, "each packet is in one event's count");
});

test("sentence, severity and technique follow from what was tried", () => {
  const of = (change: Partial<Refused>) => new RefusalTally().note(refused(change), 0)[0];
  const brief = (change: Partial<Refused>) => [of(change)?.severity, of(change)?.technique];
  assert.deepEqual(brief({ port: 53, protocol: "udp" }), ["warning", "T1048"]);
  assert.deepEqual(brief({ peer: "169.254.169.254" }), ["warning", "T1552.005"]);
  assert.deepEqual(brief({ isNeighbour: true }), ["warning", "T1046"]);
  assert.deepEqual(brief({ protocol: "icmp", port: undefined, icmpType: 8 }), ["warning", "T1095"]);
  assert.deepEqual(brief({ direction: "spoof", peer: "10.0.0.1", source: "10.0.0.1" }), ["alert", "T1557"]);
  assert.deepEqual(brief({ direction: "in", peer: "192.0.2.1" }), ["notice", undefined]);
  assert.deepEqual(brief({ isOpening: false }), ["info", undefined]);
  assert.deepEqual(brief({ quarantined: true }), ["info", undefined]);
  assert.match(of({ isOpening: false })?.message ?? "", /of no open connection/);
  assert.match(of({ direction: "spoof", source: "10.0.0.1" })?.message ?? "", /under the address 10\.0\.0\.1 to 192\.0\.2\.9/);
  assert.equal("isc" in (of({ isc: undefined }) ?? {}), false);
});

test("what the counters know beyond the events is told once, as a number", () => {
  const counts = new RefusalCounts();
  const look = (packets: number) => counts.look(new Map([["out", new Map([["isc0b12-1", packets]])]]));
  counts.told("out", "isc0b12-1", 80);
  assert.deepEqual(look(1_000), [], "what the log may still bring is not judged");
  assert(counts.isBehind);
  counts.told("out", "isc0b12-1", 20);
  assert.deepEqual(look(1_000), [{ refusal: "out", link: "isc0b12-1", refused: 1_000, untold: 900 }]);
  assert.deepEqual(look(1_000), []);
  assert(!counts.isBehind);
  counts.told("out", "isc0b12-1", 5);
  look(1_005);
  assert.deepEqual(look(1_005), []);
  look(3);
  assert.deepEqual(look(3), [{ refusal: "out", link: "isc0b12-1", refused: 3, untold: 3 }], "after the table was loaded anew");
  const draft = describeCount({ isc: undefined, direction: "out", quarantined: false, link: "isc0b12-1", refused: 1_000, untold: 900 });
  assert.equal(EventDraft.parse(draft).message, "1000 packets were refused (out), 900 of them told of by this number alone");
});
