/** ISCs of a dock of the suite's own: a victim, one with an operator's mistakes, and a neighbour. */
import { statSync } from "node:fs";
import type { Event } from "../../src/model/event.ts";
import type { Name } from "../../src/model/name.ts";
import type { IscadmContender } from "../bench/iscadm-contender.ts";
import type { Run, ScriptRequest, Target } from "./target.ts";
import type { Role } from "./technique.ts";
import type { World } from "./world.ts";

const nameOf = (role: Role) => (role === "mistake" ? "mistake" : "victim") as Name;
const neighbour = "neighbour" as Name;
type Asked = Pick<IscadmContender, "client" | "layout">;

export class IscTarget implements Target {
  readonly name = "iscadm";
  readonly world: World;
  readonly limits = new Set(["processes", "memory", "disk", "cpu"] as const);
  readonly socket: string;
  readonly #dock: Asked;

  constructor(dock: Asked, world: World) {
    this.#dock = dock;
    this.world = world;
    this.socket = dock.layout.socket;
  }

  /** @param images of the victim and of the mistake */
  async start(images: Readonly<Record<"victim" | "mistake", string>>): Promise<void> {
    const { client } = this.#dock;
    for (const [name, image] of Object.entries({ ...images, neighbour: images.victim })) await client.call("create", { name, image });
    await client.call("start", { names: ["victim", "mistake", "neighbour"] });
  }

  async run({ role, script, environment, timeoutMs }: ScriptRequest): Promise<Run> {
    let output = "";
    const onData = (data: unknown) => {
      // The dock's own lines: api/answers.ts, OutputChunk.
      output += Buffer.from((data as { readonly bytes: string }).bytes, "base64").toString();
    };
    const user = role === "root" ? { user: "0:0" } : {};
    const request = { name: nameOf(role), command: ["/usr/bin/perl", "-e", script], environment, ...user };
    const { exitCode } = await this.#dock.client.call("exec", request, { onData, signal: AbortSignal.timeout(timeoutMs) });
    return { output, exitCode };
  }

  addressOf(role: Role): Promise<string> {
    return this.#addressOf(nameOf(role));
  }

  neighbour(): Promise<string> {
    return this.#addressOf(neighbour);
  }

  async #addressOf(name: Name): Promise<string> {
    return (await this.#dock.client.call("show", { name })).summary.address;
  }

  logBytes(): Promise<number> {
    const file = this.#dock.layout.isc.log(nameOf("service"));
    return Promise.resolve([file, `${file}.1`].reduce((sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0), 0));
  }

  async restart(role: Role): Promise<void> {
    await this.#dock.client.call("restart", { names: [nameOf(role)] });
  }

  async renew(role: Role): Promise<void> {
    await this.#dock.client.call("reset", { names: [nameOf(role)] });
  }

  async generation(role: Role): Promise<string> {
    const { record, summary } = await this.#dock.client.call("show", { name: nameOf(role) });
    return `${record.generation} ${record.instance ?? 0} ${summary.status}`;
  }

  async events(role: Role, sinceMs: number): Promise<readonly Event[]> {
    const found: Event[] = [];
    // Lines of the dock's own ledger: model/event.ts.
    await this.#dock.client.call("events", { name: nameOf(role), sinceMs }, { onData: (event) => found.push(event as Event) });
    return found;
  }
}
