/** Whatever can be attacked: an ISC, a container of another engine, or plain namespaces as the control. */
import type { Event } from "../../src/model/event.ts";
import type { Limit, Role } from "./technique.ts";
import type { World } from "./world.ts";

export type TargetName = "iscadm" | "podman" | "docker" | "control";

export interface Run {
  readonly output: string;
  /** Undefined where the engine's command line does not tell. */
  readonly exitCode?: number;
}

export interface ScriptRequest {
  readonly role: Role;
  /** Perl, prelude included. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface Target {
  readonly name: TargetName;
  readonly world: World;
  /** What it limits without being asked. */
  readonly limits: ReadonlySet<Limit>;
  /** Runs a script inside. Throws Error when it cannot be started or takes too long. */
  run(request: ScriptRequest): Promise<Run>;
  /** Addresses as its neighbours see them. */
  addressOf(role: Role): Promise<string>;
  neighbour(): Promise<string>;
  /** The control socket of its engine. */
  readonly socket: string;
  /** Bytes outside that the service's output takes. */
  logBytes(): Promise<number>;
  /** Stops and starts what plays the role, with what it keeps. */
  restart(role: Role): Promise<void>;
  /** Throws away what plays the role, and puts a clean one there. */
  renew(role: Role): Promise<void>;
  /** Changes whenever somebody replaces what plays the role. */
  generation(role: Role): Promise<string>;
  /** What the engine has told about it since. */
  events(role: Role, sinceMs: number): Promise<readonly Event[]>;
}
