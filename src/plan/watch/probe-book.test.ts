import assert from "node:assert/strict";
import { test } from "node:test";
import { ProbeBook, type SeenPacket } from "./probe-book.ts";
import { RefusalCounts } from "./refusal-counts.ts";

const counted = { refusal: "out", link: "isc0b12-1" } as const;
const sent = { protocol: "tcp", source: "10.201.0.2", sourcePort: 20_000, destinations: ["10.201.0.9"], port: 80, counted };
const seen: SeenPacket = { protocol: "tcp", source: "10.201.0.2", sourcePort: 20_000, destination: "10.201.0.9", port: 80, ...counted };

test("a packet of ours is recognised once; another that looks the same is another's", () => {
  const book = new ProbeBook();
  book.expect([sent], 1_000);
  assert(book.recognise(seen));
  assert(!book.recognise(seen));
});

test("whoever differs in anything is not ours", () => {
  const book = new ProbeBook();
  book.expect([sent], 1_000);
  const others: readonly Partial<SeenPacket>[] = [
    { protocol: "udp" },
    { source: "10.201.0.3" },
    { sourcePort: 20_001 },
    { destination: "10.201.0.8" },
    { port: 81 },
    { sourcePort: undefined },
  ];
  for (const change of others) assert(!book.recognise({ ...seen, ...change }), JSON.stringify(change));
  assert(book.recognise(seen));
});

test("of what the log leaves out, exactly ours are accounted for", () => {
  const book = new ProbeBook();
  const counts = new RefusalCounts();
  const look = (packets: number) => counts.look(new Map([["out", new Map([["isc0b12-1", packets]])]]), (...what) => book.account(...what));
  book.expect(
    Array.from({ length: 300 }, (_, index) => ({ ...sent, sourcePort: 20_000 + index })),
    100_000,
  );
  for (let index = 0; index < 80; index++) assert(book.recognise({ ...seen, sourcePort: 20_000 + index }));
  counts.told("out", "isc0b12-1", 80, 80);
  look(307);
  assert.deepEqual(look(307), [{ refusal: "out", link: "isc0b12-1", refused: 7, untold: 7 }]);
  assert.deepEqual(look(307), []);
  assert.equal(book.account("out", "isc0b12-1", 10), 0);
});

test("what was never refused is forgotten", () => {
  const book = new ProbeBook();
  book.expect([sent], 1_000);
  book.expire(999);
  assert(!book.isEmpty);
  book.expire(1_000);
  assert(book.isEmpty);
  assert(!book.recognise(seen));
  assert.equal(book.account("out", "isc0b12-1", 1), 0);
});
