/** Which host ports are free to be exposed. */
import { Problem } from "../../base/problem.ts";
import type { Name } from "../../model/name.ts";
import type { Exposure, Protocol } from "../../model/network.ts";
import type { Engine } from "../engine.ts";

/** Throws Problem PORT_TAKEN naming the ISC or saying that a program of the host has it. */
export function assertHostPortsFree(engine: Engine, own: PortHolder, exposures: readonly Exposure[]): void {
  for (const exposure of exposures) {
    const holder = engine.iscs
      .list()
      .find((record) => record.name !== own.isc && record.exposures.some((other) => collide(exposure, other)));
    if (holder) {
      throw portTaken(
        exposure,
        `ISC ${holder.name} is exposed there`,
        `iscadm unexpose ${holder.name} ${exposure.hostPort}, or choose another host port (expose --at, or network.expose of the blueprint)`,
      );
    }
    const stack = engine.stacks.list().find(({ name, desired, members }) => {
      if (name === own.stack || desired !== "up") return false;
      return Object.values(members).some(({ expose }) => expose.some((other) => collide(exposure, other)));
    });
    if (stack) throw portTaken(exposure, `stack ${stack.name} has it`, `choose another host port, or edit ${stack.file}`);
    if (isListenedOn(engine, exposure)) {
      throw portTaken(
        exposure,
        "a program of the host listens there",
        "stop it, or choose another host port (expose --at, or network.expose of the blueprint)",
      );
    }
  }
}

/** Who may have the port already. */
export interface PortHolder {
  readonly isc?: Name;
  readonly stack?: Name;
}

function portTaken({ hostPort, protocol }: Exposure, reason: string, hint: string): Problem {
  return new Problem("PORT_TAKEN", `cannot expose host port ${hostPort}/${protocol}: ${reason}`, { hint });
}

function collide(one: Exposure, other: Exposure): boolean {
  const sameAddress = one.address === undefined || other.address === undefined || one.address === other.address;
  return one.hostPort === other.hostPort && one.protocol === other.protocol && sameAddress;
}

function isListenedOn(engine: Engine, { hostPort, protocol }: Exposure): boolean {
  return engine.host.kernel.socketDiag.listListeners(protocol).has(hostPort);
}

/** Ports with a listening (tcp) or bound (udp) socket in an ISC's network namespace. */
export function listenersOf(engine: Engine, name: Name, protocol: Protocol): ReadonlySet<number> {
  const { namespaces, socketDiag } = engine.host.kernel;
  return namespaces.withNetworkNamespace(engine.layout.live.networkNamespace(name), () => socketDiag.listListeners(protocol));
}
