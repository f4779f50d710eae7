/** Joins the responder to the ledger: it hears what happens, and knows from the ledger what it has done. */
import { Responder } from "../engine/respond/responder.ts";
import type { Event } from "../model/event.ts";
import { readEvents } from "../store/ledger/read-events.ts";
import type { Dock } from "./dock.ts";
import { Notifier } from "./notify.ts";

const rememberMs = 31 * 86_400_000;

/** After reconcile: what was broken off is done again then, on ISCs that are what their records say. */
export async function startResponder({ engine, ledger, config, log }: Dock): Promise<AsyncDisposable> {
  const past: Event[] = [];
  await readEvents(ledger.directory, { sensor: "response", sinceMs: Date.now() - rememberMs }, (event) => past.push(event));
  const responder = new Responder(engine, { declaration: config.respond, onError: (error) => log.error({ err: error }, "respond") });
  const notifier = new Notifier(engine, config.notify);
  const ends = [ledger.subscribe((event) => responder.hear(event)), ledger.subscribe((event) => notifier.hear(event))];
  responder.resume(past);
  return {
    [Symbol.asyncDispose]: async () => {
      await responder[Symbol.asyncDispose]();
      for (const end of ends) end();
      await notifier[Symbol.asyncDispose]();
    },
  };
}
