/** list, show, logs, exec, expose, unexpose, verify: what looks at ISCs or changes one thing of them. */
import type { ExecAnswer, OutputChunk } from "../../api/answers.ts";
import { startExec } from "../../engine/exec.ts";
import { exposePort, unexposePort } from "../../engine/lifecycle/expose.ts";
import { exposureWindow, listIscs, summarize } from "../../engine/observe.ts";
import { readUsage } from "../../engine/usage.ts";
import { verifyMany } from "../../engine/verify/verify.ts";
import { readAsker } from "../command-events.ts";
import type { Dock } from "../dock.ts";
import { followLog } from "../follow-log.ts";
import type { Caller, Handlers } from "../server.ts";

type RunningHandlers = Pick<Handlers, "list" | "show" | "logs" | "exec" | "expose" | "unexpose" | "verify">;

export function runningHandlers({ engine }: Dock): RunningHandlers {
  return {
    list: async () => ({ iscs: await listIscs(engine) }),
    show: async ({ name }) => {
      const record = engine.iscs.get(name);
      const summary = await summarize(engine, record);
      const usage = summary.pid === undefined ? {} : await readUsage(engine, name);
      const exposure = exposureWindow(engine, record);
      return { summary, record, manifest: await engine.images.open(record.image), ...(exposure && { exposure }), ...usage };
    },
    logs: async ({ name, follow, tail }, caller) => {
      engine.iscs.get(name);
      await followLog(engine.layout.isc.log(name), {
        follow: follow ?? false,
        tail,
        signal: caller.signal,
        emit: (chunk) => caller.data(chunk),
      });
      return {};
    },
    exec: async ({ input, ...request }, caller) => {
      const session = await startExec(engine, {
        ...request,
        terminal: false,
        purpose: { session: "exec", asker: readAsker(caller.credentials) },
        stdio: ["pipe", "pipe", "pipe"],
      });
      caller.signal.addEventListener("abort", () => session.stop(), { once: true });
      session.running.stdin?.on("error", () => undefined);
      session.running.stdin?.end(Buffer.from(input ?? "", "base64"));
      const streams = [forward(session.running.stdout, "stdout", caller), forward(session.running.stderr, "stderr", caller)];
      const exitCode = await session.finish();
      await Promise.all(streams);
      return { exitCode } satisfies ExecAnswer;
    },
    expose: async ({ name, exposure }) => ({ name, exposures: (await exposePort(engine, name, exposure)).exposures }),
    unexpose: async ({ name, hostPort, protocol }) => ({
      name,
      exposures: (await unexposePort(engine, name, hostPort, protocol)).exposures,
    }),
    verify: async ({ names, full }) => {
      const started = engine.host.monotonic();
      const wanted = names ?? engine.iscs.list().map((record) => record.name);
      for (const name of wanted) engine.iscs.get(name);
      const findings = await verifyMany(engine, wanted, { full: full ?? false });
      return { findings, tookMs: Math.round((engine.host.monotonic() - started) * 10) / 10 };
    },
  };
}

function forward(stream: NodeJS.ReadableStream | undefined, name: OutputChunk["stream"], caller: Caller): Promise<void> {
  if (!stream) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on("data", (chunk) => caller.data({ stream: name, bytes: Buffer.from(chunk).toString("base64") } satisfies OutputChunk));
    stream.on("end", resolve);
    stream.on("error", () => resolve());
  });
}
