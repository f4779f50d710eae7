/** dock-status and dock-stop. */
import { detectCapabilities } from "../../engine/capabilities.ts";
import { restsOf } from "../../engine/capabilities-rests.ts";
import { findProcess } from "../../engine/parts/process.ts";
import { uidBlockOf, uidsOfBlock } from "../../model/identity.ts";
import type { Dock } from "../dock.ts";
import type { Handlers } from "../server.ts";

export function dockHandlers(dock: Dock): Pick<Handlers, "dock-status" | "dock-stop"> {
  const { engine, settings } = dock;
  return {
    "dock-status": async () => {
      const capabilities = await detectCapabilities(engine.host, engine.layout);
      const records = engine.iscs.list();
      return {
        version: dock.version,
        pid: process.pid,
        startedAtMs: dock.startedAtMs,
        root: settings.root,
        run: settings.run,
        network: settings.network,
        network6: `${settings.identity.prefix6}::/64`,
        uids: uidsOfBlock(uidBlockOf(settings.identity)),
        tag: settings.identity.tag,
        iscs: { running: records.filter(({ name }) => findProcess(engine, name)).length, total: records.length },
        capabilities,
        rests: restsOf(capabilities),
      };
    },
    "dock-stop": async () => {
      setTimeout(dock.stop, 10);
      return {};
    },
  };
}
