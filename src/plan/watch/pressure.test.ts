import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advancePressure, calm, findCount, findStall, type PressureSample, type PressureState } from "./pressure.ts";

/** Every change that a row of looks tells, as "cpu+" and "cpu-". */
function follow(samples: readonly PressureSample[]): readonly string[] {
  let state: PressureState = calm;
  return samples.flatMap((sample, index) => {
    const step = advancePressure(state, sample);
    state = step.state;
    const kills = step.oomKills > 0 ? [`${index}: oom ${step.oomKills}`] : [];
    return [...kills, ...step.changes.map(({ pressure, high }) => `${index}: ${pressure}${high ? "+" : "-"}`)];
  });
}

describe("pressure", () => {
  test("scratch counts as full from 95 percent and as free below 85", () => {
    const at = (percent: number) => ({ scratch: { usedBytes: percent, totalBytes: 100 } });
    assert.deepEqual(follow([50, 94, 95, 90, 99, 85, 84, 90].map(at)), ["2: scratch+", "6: scratch-"]);
  });

  test("cpu is told when half of its periods are throttled three looks in a row", () => {
    const ratios = [0.6, 0.6, 0, 0.6, 0.6, 0.6, 0.9, 0.3, 0.1, 0.1, 0.1];
    let [periods, throttled] = [0, 0];
    const samples = ratios.map((ratio) => {
      periods += 100;
      throttled += 100 * ratio;
      return { cpu: { periods, throttled } };
    });
    assert.deepEqual(follow(samples), ["5: cpu+", "10: cpu-"]);
  });

  test("memory is told when its limit was met with nothing left to drop, or when much was waited for it", () => {
    const hit = (hits: number, usedBytes?: number) => ({
      memory: { hits, ...(usedBytes === undefined ? {} : { usedBytes, limitBytes: 100 }) },
    });
    assert.deepEqual(follow([hit(0), hit(5, 40), hit(9, 95), hit(9), hit(9)]), ["2: memory+", "4: memory-"]);
    assert.deepEqual(follow([30, 10, 1, 1].map((memory) => ({ stalled: { memory } }))), ["0: memory+", "3: memory-"]);
  });

  test("processes are told when a fork was refused, until there is room again", () => {
    const at = (refused: number, current: number) => ({ processes: { refused, current, limit: 32 } });
    assert.deepEqual(follow([at(0, 3), at(4, 32), at(9, 32), at(9, 31), at(9, 5), at(9, 5)]), ["1: processes+", "5: processes-"]);
  });

  test("each look tells how many processes the kernel killed for memory since the last", () => {
    assert.deepEqual(follow([{ oomKills: 0 }, { oomKills: 2 }, { oomKills: 2 }, { oomKills: 3 }]), ["1: oom 2", "3: oom 1"]);
  });

  test("what the kernel does not tell changes nothing", () => {
    assert.deepEqual(follow([{}, {}, {}]), []);
  });
});

test("counts and stalls are read from the kernel's own words", () => {
  assert.equal(findCount("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), 3);
  assert.equal(findCount("max 7\n", "max"), 7);
  assert.equal(findCount("low 0\n", "max"), undefined);
  assert.equal(findStall("some avg10=12.50 avg60=1.00 avg300=0.10 total=99\nfull avg10=0.00\n"), 12.5);
});
