/** What planning one service answers: the service itself, and what it needs around it. */
import type { PlaceDirectory, Service } from "../../model/image.ts";
import type { ListenPort } from "../../model/network.ts";

/** Programs that the image must hold besides the service. "s6" is Debian's package of that name, "shell" a POSIX /bin/sh. */
export type Need = "s6" | "shell";

export interface PlannedService {
  readonly service: Service;
  /** Directories that must lie on scratch or a volume, owned by the service's user; sorted by path, each once. */
  readonly writable: readonly PlaceDirectory[];
  /** Ports it is known or declared to listen on: a hint for the operator, opens nothing. */
  readonly listen: readonly ListenPort[];
  /** Capabilities that the unit asks for. Hints: only the blueprint grants any. */
  readonly wantedCapabilities: readonly string[];
  readonly needs: readonly Need[];
  /** What was decided or left out, one sentence each, for the build's output. */
  readonly notes: readonly string[];
}
