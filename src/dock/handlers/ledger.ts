/** events and ledger-verify. */
import type { Event } from "../../model/event.ts";
import { type EventFilter, isWanted } from "../../store/ledger/event-filter.ts";
import { readEvents } from "../../store/ledger/read-events.ts";
import { verifyLedger } from "../../store/ledger/verify-ledger.ts";
import type { Dock } from "../dock.ts";
import type { Caller, Handlers } from "../server.ts";

export function ledgerHandlers({ engine, ledger }: Dock): Pick<Handlers, "events" | "ledger-verify"> {
  return {
    events: async ({ name, tail, follow, ...rest }, caller) => {
      const filter: EventFilter = { ...rest, isc: name };
      // Heard from the beginning, so that nothing is lost between what is kept and what comes.
      const live: Event[] = [];
      let hear = (event: Event): unknown => live.push(event);
      const end = follow === true ? ledger.subscribe((event) => isWanted(event, filter) && hear(event)) : () => undefined;
      try {
        let last = 0;
        await readEvents(ledger.directory, { ...filter, tail }, (event) => {
          last = event.seq;
          caller.data(event);
        });
        if (follow !== true) return {};
        for (const event of live) if (event.seq > last) caller.data(event);
        hear = (event) => caller.data(event);
        await untilGone(caller);
        return {};
      } finally {
        end();
      }
    },
    "ledger-verify": async ({ directory }) => {
      const started = engine.host.monotonic();
      const report = await verifyLedger(directory ?? ledger.directory, engine.layout);
      return { ...report, tookMs: Math.round(engine.host.monotonic() - started) };
    },
  };
}

function untilGone({ signal }: Caller): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
