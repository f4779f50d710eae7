/** What every engine function is given: the machine, the places, this dock's identity and what it remembers. */
import type { Host } from "../host/host.ts";
import type { DockIdentity } from "../model/identity.ts";
import type { Layout } from "../model/layout.ts";
import type { IscStore } from "../store/isc-store.ts";

export interface Engine {
  readonly host: Host;
  readonly layout: Layout;
  readonly dock: DockIdentity;
  readonly iscs: IscStore;
}
