/** The ledger: events recorded per second, and how long it takes to find a few among many and to verify all of them. */
import { mkdirSync } from "node:fs";
import { layoutOf } from "../../../src/model/layout.ts";
import { Name } from "../../../src/model/name.ts";
import { openLedger } from "../../../src/store/ledger/ledger.ts";
import { type EventQuery, readEvents } from "../../../src/store/ledger/read-events.ts";
import { verifyLedger } from "../../../src/store/ledger/verify-ledger.ts";
import { type Bench, timeMs } from "../bench.ts";

const record = { id: "events", title: "events recorded", unit: "events/s" } as const;
const iscs = 50;

export async function measureLedger({ area, measurements, options }: Bench): Promise<void> {
  const count = options.small ? 100_000 : 1_000_000;
  const root = area.directory("ledger");
  const layout = layoutOf({ root, run: `${root}/run` });
  mkdirSync(layout.run);
  const ledger = await openLedger(layout);
  const batch = count / 10;
  for (let round = 0; round < 10; round++) {
    const tookMs = await timeMs(async () => {
      for (let index = 0; index < batch; index++) ledger.emit(renderEvent(round * batch + index));
      await ledger.sync();
    });
    measurements.add(record, "iscadm", batch / (tookMs / 1_000));
  }
  await ledger.close();
  const queries: Readonly<Record<string, EventQuery>> = {
    "the last 50 events": { tail: 50 },
    "the last 50 of one ISC": { tail: 50, isc: "web7" },
    "all alerts of one ISC": { severity: "alert", isc: "web10" },
    "a kind that never came": { kind: "exec.denied" },
  };
  for (const [title, query] of Object.entries(queries)) {
    const measure = { id: `events ${title}`, title: `${title}, of ${count.toLocaleString("en")}`, unit: "ms" } as const;
    for (let round = 0; round < 3; round++) {
      measurements.add(measure, "iscadm", await timeMs(() => readEvents(layout.ledger, query, () => undefined)));
    }
  }
  const verify = { id: "ledger-verify", title: `ledger verify of ${count.toLocaleString("en")} events`, unit: "ms" } as const;
  measurements.add(verify, "iscadm", await timeMs(() => verifyLedger(layout.ledger, layout)));
}

function renderEvent(index: number) {
  return {
    sensor: "audit",
    severity: index % 1_000 === 10 ? "alert" : "info",
    kind: "audit.command",
    message: "www-data ran /usr/bin/true --with some arguments that are long enough",
    isc: Name.parse(`web${index % iscs}`),
    facts: { pid: index, path: "/usr/bin/true", uid: 33, command: ["/usr/bin/true", "--with", "some"] },
  } as const;
}
