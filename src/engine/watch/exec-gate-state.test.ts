import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecGate } from "../../host/exec-gate.ts";
import type { RunningCommand } from "../../host/host.ts";
import { Name } from "../../model/name.ts";
import { ExecGateState } from "./exec-gate-state.ts";

const [web, db] = [Name.parse("web"), Name.parse("db")];
const running = { pid: 4_711 } as RunningCommand;

function fakeGate(): { readonly gate: ExecGate; readonly calls: string[] } {
  const calls: string[] = [];
  const gate = {
    expectSession: () => void calls.push("expect"),
    addSession: (pid: number | undefined) => calls.push(`add ${pid}`) > 0,
    removeSession: (pid: number) => void calls.push(`remove ${pid}`),
  } as Partial<ExecGate> as ExecGate;
  return { gate, calls };
}

test("what the gate holds is known by instance; why it holds nothing is said", () => {
  const state = new ExecGateState();
  assert.equal(state.holds(web), "the exec gate was not started");
  state.setGate(fakeGate().gate);
  state.hold(web);
  assert.equal(state.holds(web), true);
  assert.notEqual(state.holds(db), true);
  state.setGate("open fanotify: EPERM");
  assert.equal(state.holds(web), "open fanotify: EPERM");
});

test("a session is announced before it starts, named after, and taken back when it could not start", () => {
  const state = new ExecGateState();
  const { gate, calls } = fakeGate();
  state.setGate(gate);
  state.startSession(() => {
    calls.push("start");
    return running;
  });
  state.endSession(running.pid);
  assert.throws(() =>
    state.startSession(() => {
      throw new Error("no program");
    }),
  );
  assert.deepEqual(calls, ["expect", "start", "add 4711", "remove 4711", "expect", "add undefined"]);
});

test("without a gate a session starts all the same", () => {
  assert.equal(
    new ExecGateState().startSession(() => running),
    running,
  );
});
