/**
 * The dock's side of its resolver: starts the process that ISCs talk to and starts it again whenever it ends. What the process says is
 * checked against the policy that it was given: it may be in the hands of an ISC.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { reasonOf } from "../../base/reason-of.ts";
import { resolverCommand } from "./resolver-command.ts";
import type { Resolver, ResolverOptions } from "./resolver-options.ts";
import { indexPolicy, type ResolverPolicy } from "./resolver-policy.ts";
import { ResolverRun } from "./resolver-run.ts";
import type { OutsideQuestion, Resolution, ResolverLimits } from "./resolver-words.ts";

const defaultLimits: ResolverLimits = {
  queriesPerSecond: 500,
  queriesAtOnce: 1_000,
  waitingOfOne: 64,
  asking: 256,
  connectionsOfOne: 8,
  connections: 512,
};

const shortestPauseMs = 200;
const longestPauseMs = 5_000;
/** Whoever has lived that long did not die of its start. */
const soundAfterMs = 30_000;

/** Throws Error with the reason when it does not come to listen. */
export async function startResolver(options: ResolverOptions): Promise<Resolver> {
  const resolver = new LocalResolver(options);
  await resolver.begin();
  return resolver;
}

class LocalResolver implements Resolver {
  readonly #options: ResolverOptions;
  readonly #limits: ResolverLimits;
  readonly #closing = new AbortController();
  #policy: ResolverPolicy;
  #known: ReturnType<typeof indexOutside>;
  #run: ResolverRun | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#policy = options.policy;
    this.#known = indexOutside(options.policy);
  }

  get pid(): number | undefined {
    return this.#run?.pid;
  }

  async begin(): Promise<void> {
    const run = this.#start();
    await run.listening;
    this.#following = this.#follow(run);
  }

  async setPolicy(policy: ResolverPolicy): Promise<void> {
    this.#known = indexOutside(policy);
    this.#policy = policy;
    // A process that ends before it took this one is followed by one that starts with it.
    while (!this.#closing.signal.aborted && this.#policy === policy) {
      const run = this.#run;
      if (run && (await run.setPolicy(policy))) return;
      await this.#pause(shortestPauseMs);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#run?.close();
    await this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): ResolverRun {
    const { addresses, onRefused } = this.#options;
    const own = pathOf("../../../");
    const { programRoot: root = own } = this.#options;
    const seen = (path: string) => (path.startsWith(own) ? `${root.replace(/\/?$/, "/")}${path.slice(own.length)}` : path);
    const program = { node: seen(process.execPath), file: seen(pathOf("./resolver-process.ts")), root };
    const run = new ResolverRun(resolverCommand(this.#options, program, { addresses, limits: this.#limits }), {
      mostAsking: this.#limits.asking,
      ask: (question) => this.#ask(question),
      onReport: (report) => {
        if (report.refused.length + report.further.length + report.strangers > 0) onRefused(report);
      },
    });
    this.#run = run;
    // The word that it took it is of no use here: without a policy it does not listen.
    void run.setPolicy(this.#policy);
    return run;
  }

  /** Undefined: it asks for what it may not have, and is no longer what was started. */
  #ask({ asker, name }: OutsideQuestion): Promise<Resolution> | undefined {
    return this.#known.get(asker)?.has(name) ? this.#options.ask(asker, name) : undefined;
  }

  async #follow(first: ResolverRun): Promise<void> {
    let ended = first.ended;
    let pauseMs = shortestPauseMs;
    for (;;) {
      const startedMs = performance.now();
      const reason = await ended;
      this.#run = undefined;
      if (this.#closing.signal.aborted) return;
      this.#options.onEnd(reason);
      if (performance.now() - startedMs > soundAfterMs) pauseMs = shortestPauseMs;
      await this.#pause(pauseMs);
      if (this.#closing.signal.aborted) return;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      ended = this.#startAgain();
    }
  }

  /** A machine that cannot start it now may be able to later. */
  async #startAgain(): Promise<string> {
    try {
      return await this.#start().ended;
    } catch (error) {
      return reasonOf(error);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
  }
}

/** The outside names of each asker. */
function indexOutside(policy: ResolverPolicy): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map([...indexPolicy(policy).values()].map(({ name, outside }) => [name, outside]));
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
