import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf, serviceOf } from "./instance.ts";
import { layoutOf } from "./layout.ts";
import type { Name } from "./name.ts";

const name = (text: string) => text as Name;

test("an ISC's name means the parts of the instance that has it; an instance's name always its own", () => {
  const serving = (instance: number) => () => instance;
  assert.equal(partsOf(name("web"), serving(0)), "web");
  assert.equal(partsOf(name("web"), serving(7)), "web.7");
  assert.equal(partsOf(name("web.7"), serving(0)), "web.7");
  assert.equal(partsOf(name("web.0"), serving(7)), "web");
  assert.equal(serviceOf(name("web.7")), "web");
  assert.equal(serviceOf(name("web")), "web");
});

test("log and record stay with the ISC, everything live and scratch with the instance", () => {
  const layout = layoutOf({ root: "/r", run: "/n" }, () => 7);
  assert.equal(layout.live.rootMount(name("web")), "/n/isc/web.7/root");
  assert.equal(layout.live.rootMount(name("web.0")), "/n/isc/web/root");
  assert.equal(layout.isc.scratchFile(name("web")), "/r/isc/web/scratch.7.img");
  assert.equal(layout.isc.scratchFile(name("web.0")), "/r/isc/web/scratch.img");
  assert.equal(layout.isc.log(name("web.3")), "/r/isc/web/console.log");
  assert.equal(layout.isc.record(name("web")), "/r/isc/web/isc.json");
});
