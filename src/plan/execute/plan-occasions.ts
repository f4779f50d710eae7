/** Which programs of an image may run, and when: what the services need, and what `rights.execute` names beside. */
import { posix } from "node:path";
import type { Manifest } from "../../model/image.ts";
import { defaultPath } from "../services/assemble-service.ts";
import { type ProgramHead, programOfEnv } from "./program-head.ts";

/** As the exec gate knows it (host/exec-gate-rules.ts). */
export type Occasion = "always" | "boot" | "start" | "session";

export interface FoundProgram {
  /** Its own path, without symlinks. */
  readonly path: string;
  readonly head: ProgramHead;
}

/** Follows symlinks as they lead inside the image. Undefined when there is no such program. */
export type FindProgram = (path: string) => FoundProgram | undefined;

export interface ExecutePlan {
  readonly occasions: ReadonlyMap<string, ReadonlySet<Occasion>>;
  /** Own paths of the dynamic loaders of these programs. */
  readonly loaders: ReadonlySet<string>;
}

type Subject = Pick<Manifest, "init" | "services" | "posture">;

/** Undefined where every program of the image may run. */
export function planOccasions(manifest: Subject, find: FindProgram): ExecutePlan | undefined {
  const { execute = "image" } = manifest.posture.rights;
  if (execute === "image") return undefined;
  const plan = new Plan(find);
  planStart(plan, manifest);
  for (const { command, environment } of manifest.services) plan.add(command[0], "always", environment.PATH);
  const { health } = manifest.posture;
  if (health?.kind === "command") plan.add(health.command[0], "session", manifest.init.environment.PATH);
  for (const path of execute === "services" ? [] : execute) plan.add(path, "always");
  return plan;
}

/** Process 1, what it starts the services with, and what prepares them. */
function planStart(plan: Plan, { init, services }: Subject): void {
  const [first, ...words] = init.command;
  plan.add(first, "boot");
  if (posix.basename(first ?? "") === "s6-svscan") {
    for (const tool of ["s6-supervise", "s6-applyuidgid"]) plan.add(tool, "start");
    for (const { name } of services) plan.add(`/.isc/services/${name}/run`, "start");
  }
  for (const word of words.filter((one) => one.startsWith("/.isc/start/"))) plan.add(word, "start");
  for (const { prepare, environment } of services) for (const step of prepare) plan.add(step[0], "start", environment.PATH);
}

class Plan implements ExecutePlan {
  readonly occasions = new Map<string, Set<Occasion>>();
  readonly loaders = new Set<string>();
  readonly #find: FindProgram;

  constructor(find: FindProgram) {
    this.#find = find;
  }

  /** With the interpreter of a script and the loader of a program: the kernel runs them for it. */
  add(word: string | undefined, occasion: Occasion, searchPath = defaultPath): void {
    const program = word === undefined ? undefined : this.#look(word, searchPath);
    if (!program) return;
    const known = this.occasions.get(program.path) ?? new Set();
    if (known.has(occasion)) return;
    this.occasions.set(program.path, known.add(occasion));
    if (program.head.kind === "script") this.#addInterpreter(program.head, occasion, searchPath);
    if (program.head.kind === "elf" && program.head.loader !== undefined) this.#addLoader(program.head.loader);
  }

  #addInterpreter({ interpreter, argument }: Extract<ProgramHead, { kind: "script" }>, occasion: Occasion, searchPath: string): void {
    this.add(interpreter, occasion);
    this.add(programOfEnv(interpreter, argument), occasion, searchPath);
  }

  /** A loader that comes for an allowed program cannot be told from one that is the program itself: see decision 0010. */
  #addLoader(path: string): void {
    const loader = this.#find(path);
    if (!loader) return;
    this.loaders.add(loader.path);
    this.occasions.set(loader.path, (this.occasions.get(loader.path) ?? new Set()).add("always"));
  }

  #look(word: string, searchPath: string): FoundProgram | undefined {
    if (word.includes("/")) return this.#find(word);
    for (const directory of searchPath.split(":")) {
      const found = this.#find(`${directory}/${word}`);
      if (found) return found;
    }
    return undefined;
  }
}
