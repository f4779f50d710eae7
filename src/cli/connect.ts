/** Makes the two clients a command may use: one that starts this machine's dock when it is absent, and one that does not. */
import { type Dial, DockClient, dialSocket, isDockAbsent } from "../api/node-client.ts";
import type { CliIo, GlobalFlags, Installation } from "./context.ts";
import { defaultDockAddress, parseDockAddress, readPlaces } from "./dock-address.ts";

const startTimeoutMs = 15_000;

export interface Clients {
  readonly dock: DockClient;
  readonly runningDock: DockClient;
}

interface Connection {
  readonly io: CliIo;
  readonly flags: GlobalFlags;
  readonly installation: Installation;
}

export async function makeClients(connection: Connection): Promise<Clients> {
  const dial = await chooseDial(connection);
  const runningDock = new DockClient(dial);
  const { flags, io } = connection;
  const mayStart = flags.dock === undefined && flags.mayStartDock && io.isRoot;
  return { runningDock, dock: mayStart ? new DockClient(dialOrStart(dial, connection)) : runningDock };
}

/** Loads what starts programs only when it is needed. */
async function chooseDial({ io, flags }: Connection): Promise<Dial> {
  const address = flags.dock === undefined ? defaultDockAddress(readPlaces(io.environment)) : parseDockAddress(flags.dock);
  if (address.kind === "socket") return dialSocket(address.path);
  const { dialSsh } = await import("./dial-ssh.ts");
  return dialSsh(address);
}

function dialOrStart(dial: Dial, { io, installation }: Connection): Dial {
  return async (signal) => {
    try {
      return await dial(signal);
    } catch (error) {
      if (!isDockAbsent(error)) throw error;
    }
    const { startDock } = await import("./start-dock.ts");
    const places = readPlaces(io.environment);
    const { dockProgram: program } = installation;
    await startDock({ program, places, environment: io.environment, dial, timeoutMs: startTimeoutMs, signal });
    return await dial(signal);
  };
}
