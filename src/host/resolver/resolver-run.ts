/** One life of the resolver's process: its words in both directions, and an end to it when it says nothing, or nothing sensible. */
import { Readable } from "node:stream";
import type { LongCommand, RunningCommand } from "../host.ts";
import { startCommand } from "../start-command.ts";
import { readBoundedLines } from "./bounded-lines.ts";
import type { RefusalReport } from "./refusal-batch.ts";
import type { ResolverPolicy } from "./resolver-policy.ts";
import {
  mostWordCharacters,
  type OutsideQuestion,
  type Resolution,
  readWordOfResolver,
  type WordOfResolver,
  type WordToResolver,
} from "./resolver-words.ts";

export interface ResolverRunOptions {
  /** More questions at a time than this it never asks. */
  readonly mostAsking: number;
  /** Undefined: a question that it must not ask. */
  readonly ask: (question: OutsideQuestion) => Promise<Resolution> | undefined;
  readonly onReport: (report: RefusalReport) => void;
}

const lookEveryMs = 5_000;
/** Looks without a word in between. A dock that was held up has had time to hear what waited. */
const mostSilentLooks = 3;
const endPatienceMs = 1_000;
const mostLastWords = 500;

export class ResolverRun {
  readonly pid: number;
  /** Fails with the reason when it ends before. */
  readonly listening: Promise<void>;
  /** Why it ended. */
  readonly ended: Promise<string>;
  readonly #options: ResolverRunOptions;
  readonly #command: RunningCommand;
  readonly #listening = Promise.withResolvers<void>();
  readonly #taken = new Map<number, (isTaken: boolean) => void>();
  #lastPolicy = 0;
  #asking = 0;
  #silentLooks = 0;
  /** What it, or the programs before it, said of its end. */
  #lastWords = "";
  #reason: string | undefined;

  /** Throws CommandFailure when it cannot be started. */
  constructor(command: LongCommand, options: ResolverRunOptions) {
    this.#options = options;
    this.#command = startCommand(command);
    this.pid = this.#command.pid;
    this.listening = this.#listening.promise;
    // Nobody waits for it in a later life.
    this.listening.catch(() => undefined);
    this.#command.stdin?.on("error", () => undefined);
    const { stdout, stderr } = this.#command;
    if (stdout instanceof Readable) {
      readBoundedLines(
        stdout,
        mostWordCharacters,
        (line) => this.#take(line),
        () => this.#condemn("it says too much at once"),
      );
    }
    stderr?.on("data", (text) => {
      this.#lastWords = `${this.#lastWords}${text}`.slice(-mostLastWords);
    });
    const looking = setInterval(() => this.#look(), lookEveryMs).unref();
    this.ended = this.#command.exited.then(({ exitCode, signal }) => {
      clearInterval(looking);
      return this.#end(this.#reason ?? (this.#lastWords.trim() || `it ended with ${signal ?? exitCode}`));
    });
  }

  /** False: it ended before it took it. */
  setPolicy(policy: ResolverPolicy): Promise<boolean> {
    this.#lastPolicy += 1;
    const number = this.#lastPolicy;
    const taken = new Promise<boolean>((resolve) => this.#taken.set(number, resolve));
    this.#say({ kind: "policy", number, policy });
    return taken;
  }

  async close(): Promise<void> {
    this.#reason = "asked to";
    this.#command.stdin?.end();
    const patience = setTimeout(() => this.#command.kill("SIGKILL"), endPatienceMs);
    await this.ended;
    clearTimeout(patience);
  }

  #take(line: string): void {
    if (this.#reason !== undefined) return;
    const word = readWordOfResolver(line);
    this.#silentLooks = 0;
    if (word) this.#hear(word);
    else this.#condemn("it says what makes no sense");
  }

  #hear(word: WordOfResolver): void {
    switch (word.kind) {
      case "listening":
        this.#listening.resolve();
        break;
      case "took":
        this.#taken.get(word.number)?.(true);
        this.#taken.delete(word.number);
        break;
      case "ask":
        this.#ask(word);
        break;
      case "report":
        this.#say({ kind: "heard" });
        this.#options.onReport(word.report);
        break;
      case "failed":
        this.#condemn(word.reason);
        break;
      default:
        word satisfies never;
    }
  }

  #ask({ id, asker, name }: OutsideQuestion): void {
    const answer = this.#asking < this.#options.mostAsking ? this.#options.ask({ id, asker, name }) : undefined;
    if (answer !== undefined) void this.#answer(id, answer);
    // It may have asked before it took the policy that forbids it.
    else if (this.#taken.size > 0) this.#say({ kind: "resolved", id, resolution: { kind: "failed" } });
    else this.#condemn("it asks for what it may not have");
  }

  async #answer(id: number, answer: Promise<Resolution>): Promise<void> {
    this.#asking += 1;
    const resolution = await answer.catch((): Resolution => ({ kind: "failed" }));
    this.#asking -= 1;
    this.#say({ kind: "resolved", id, resolution });
  }

  #say(word: WordToResolver): void {
    if (this.#command.stdin?.writable) this.#command.stdin.write(`${JSON.stringify(word)}\n`);
  }

  #look(): void {
    this.#silentLooks += 1;
    if (this.#silentLooks >= mostSilentLooks) this.#condemn("it has not said a word for a while");
  }

  #condemn(reason: string): void {
    this.#reason ??= reason;
    this.#command.kill("SIGKILL");
  }

  #end(reason: string): string {
    this.#reason = reason;
    this.#listening.reject(new Error(`cannot start the resolver: ${reason}`));
    for (const take of this.#taken.values()) take(false);
    this.#taken.clear();
    return reason;
  }
}
