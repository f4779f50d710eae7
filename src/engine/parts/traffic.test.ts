import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedLock } from "../../base/keyed-lock.ts";
import type { Nftables } from "../../host/kernel/nftables.ts";
import { parseDockIdentity } from "../../model/identity.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import type { Engine } from "../engine.ts";
import { Firewall } from "./firewall.ts";
import { ensureTraffic, refreshTrafficOf } from "./traffic.ts";

const name = "web" as Name;
const network = { listen: [], expose: [], connect: [] };

test("an ISC that comes into quarantine while its traffic is refreshed stays in it", async () => {
  const dock = parseDockIdentity("0b12", "10.201.0.0/16");
  assert.ok(dock);
  const nftables: Pick<Nftables, "run" | "check"> = { run: () => "", check: () => undefined };
  const firewall = new Firewall(nftables as Nftables, dock);
  let record = { name, slot: 5, image: "sha256:0", exposures: [] } as unknown as IscRecord;
  const reading = Promise.withResolvers<{ readonly posture: { readonly network: typeof network } }>();
  const images = { findManifest: () => reading.promise };
  const engine = { dock, firewall, images, locks: new KeyedLock(), iscs: { find: () => record } } as unknown as Engine;
  ensureTraffic(engine, record, network);
  const refreshed = refreshTrafficOf(engine, name);
  await Promise.resolve();
  record = { ...record, quarantine: { sinceMs: 0, reason: "" } } as unknown as IscRecord;
  ensureTraffic(engine, record, network);
  reading.resolve({ posture: { network } });
  await refreshed;
  assert.ok(firewall.elementsOf(name).some(({ set }) => set === "quarantined"));
});
