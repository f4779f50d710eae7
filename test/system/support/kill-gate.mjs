// Loaded into a dock before anything of its own (node --import): on SIGUSR2 the exec gate's thread ends, as a crash would end it.
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const gates = [];
threads.Worker = class extends threads.Worker {
  constructor(file, options) {
    super(file, options);
    if (String(file).includes("exec-gate-worker")) gates.push(this);
  }
};
syncBuiltinESMExports();
if (threads.isMainThread) process.on("SIGUSR2", () => gates.splice(0).forEach((gate) => void gate.terminate()));
