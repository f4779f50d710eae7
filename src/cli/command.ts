/** What a command is: how it is called, what it does, and examples that teach it. */
import type { CliContext } from "./context.ts";

export interface CommandOption {
  /** As commander takes it: "-n, --name <name>", "--full". */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; the values are collected. */
  readonly repeatable?: boolean;
}

export interface CommandExample {
  readonly line: string;
  readonly does: string;
}

export interface Command {
  /** One or two sentences beyond the summary in the list of commands. */
  readonly description: string;
  readonly options?: readonly CommandOption[];
  readonly examples: readonly CommandExample[];
  /** Lines of JSON instead of one document with --json. */
  readonly jsonLines?: boolean;
  /** @returns the exit code, 0 when absent */
  run(context: CliContext, input: CommandInput): Promise<number | undefined>;
}

/** The command line after commander has taken it apart. */
export class CommandInput {
  readonly #arguments: readonly unknown[];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(given: readonly unknown[], options: Readonly<Record<string, unknown>>) {
    this.#arguments = given;
    this.#options = options;
  }

  /** The argument at a position that the command declares as one word. */
  argument(position: number): string {
    return this.optionalArgument(position) ?? "";
  }

  optionalArgument(position: number): string | undefined {
    const value = this.#arguments[position];
    return typeof value === "string" ? value : undefined;
  }

  /** The arguments that a variadic last argument has taken. */
  rest(position: number): readonly string[] {
    return listOf(this.#arguments[position]);
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  /** Whether the option that switches something off was given: "cache" for --no-cache. */
  isOff(name: string): boolean {
    return this.#options[name] === false;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === "string" ? value : undefined;
  }

  texts(name: string): readonly string[] {
    return listOf(this.#options[name]);
  }
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
