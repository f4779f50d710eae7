/** Joins the responder to the ledger: it hears what happens, and knows from the ledger what it has done. */
import { cleanseIsc } from "../engine/lifecycle/cleanse.ts";
import { updateIsc } from "../engine/lifecycle/update.ts";
import { findProcess } from "../engine/parts/process.ts";
import type { Response } from "../engine/respond/actions.ts";
import { tryKeepEvidence } from "../engine/respond/evidence.ts";
import { Responder } from "../engine/respond/responder.ts";
import type { Event } from "../model/event.ts";
import { readEvents } from "../store/ledger/read-events.ts";
import type { Dock } from "./dock.ts";
import { rebuildImage, type Waiter } from "./handlers/rebuild.ts";
import { Notifier } from "./notify.ts";

const rememberMs = 31 * 86_400_000;

/** After reconcile: what was broken off is done again then, on ISCs that are what their records say. */
export async function startResponder(dock: Dock): Promise<AsyncDisposable> {
  const { engine, ledger, config, log } = dock;
  const ended = new AbortController();
  const past: Event[] = [];
  await readEvents(ledger.directory, { sensor: "response", sinceMs: Date.now() - rememberMs }, (event) => past.push(event));
  const waiter: Waiter = { signal: ended.signal, progress: (progress) => log.info({ progress }, "update") };
  const responder = new Responder(engine, {
    declaration: config.respond,
    more: { update: (_engine, response) => update(dock, response, waiter) },
    onError: (error) => log.error({ err: error }, "respond"),
  });
  const notifier = new Notifier(engine, config.notify);
  const ends = [ledger.subscribe((event) => responder.hear(event)), ledger.subscribe((event) => notifier.hear(event))];
  responder.resume(past);
  return {
    [Symbol.asyncDispose]: async () => {
      // A build that is under way is done again by the next dock.
      ended.abort();
      await responder[Symbol.asyncDispose]();
      for (const end of ends) end();
      await notifier[Symbol.asyncDispose]();
    },
  };
}

/**
 * A fresh instance at once, since a build takes its time and may fail; then one of the newest packages, if there are newer ones. What an
 * operator has done with the ISC meanwhile counts.
 */
async function update(dock: Dock, response: Response, waiter: Waiter): Promise<void> {
  const { engine } = dock;
  const { name } = response;
  await tryKeepEvidence(engine, response);
  // One that does not become well of the same image may of a newer one.
  const cleansed = await (findProcess(engine, name) ? cleanseIsc(engine, name) : Promise.resolve()).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const { image } = engine.iscs.get(name);
  const newest = await rebuildImage(dock, image, waiter);
  waiter.signal.throwIfAborted();
  const now = engine.iscs.find(name);
  if (newest !== image && now?.image === image && !now.quarantine) await updateIsc(engine, name, newest);
  else if (cleansed) throw cleansed.error;
}
