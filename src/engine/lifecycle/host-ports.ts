/** Which host ports are free to be exposed. */
import { Problem } from "../../base/problem.ts";
import type { Name } from "../../model/name.ts";
import type { Exposure, Protocol } from "../../model/network.ts";
import { parseListeners } from "../../plan/socket-table.ts";
import type { Engine } from "../engine.ts";

/** Throws Problem PORT_TAKEN naming the ISC or saying that a program of the host has it. */
export function assertHostPortsFree(engine: Engine, name: Name, exposures: readonly Exposure[]): void {
  for (const exposure of exposures) {
    const holder = engine.iscs.list().find((record) => record.name !== name && record.exposures.some((other) => collide(exposure, other)));
    if (holder) {
      throw portTaken(
        exposure,
        `ISC ${holder.name} is exposed there`,
        `iscadm unexpose ${holder.name} ${exposure.hostPort}, or choose another host port (expose --at, or network.expose of the blueprint)`,
      );
    }
    if (isListenedOn(engine, exposure)) {
      throw portTaken(
        exposure,
        "a program of the host listens there",
        "stop it, or choose another host port (expose --at, or network.expose of the blueprint)",
      );
    }
  }
}

function portTaken({ hostPort, protocol }: Exposure, reason: string, hint: string): Problem {
  return new Problem("PORT_TAKEN", `cannot expose host port ${hostPort}/${protocol}: ${reason}`, { hint });
}

function collide(one: Exposure, other: Exposure): boolean {
  const sameAddress = one.address === undefined || other.address === undefined || one.address === other.address;
  return one.hostPort === other.hostPort && one.protocol === other.protocol && sameAddress;
}

function isListenedOn(engine: Engine, { hostPort, protocol }: Exposure): boolean {
  return listenersOf(engine, "self", protocol).has(hostPort);
}

/** Ports with a listening (tcp) or bound (udp) socket in the network namespace of a process. */
export function listenersOf(engine: Engine, pid: number | "self", protocol: Protocol): ReadonlySet<number> {
  const texts = [protocol, `${protocol}6`].map((table) => engine.host.files.findTextNow(`/proc/${pid}/net/${table}`) ?? "");
  return new Set(texts.flatMap((text) => parseListeners(text, protocol)));
}
