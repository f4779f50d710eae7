/** The end of what an ISC's services wrote. */
import type { Name } from "../model/name.ts";
import type { Engine } from "./engine.ts";

/** The log's last lines without conmon's time and stream columns. */
export async function lastLogLines(engine: Pick<Engine, "host" | "layout">, name: Name, count = 10): Promise<readonly string[]> {
  const text = (await engine.host.files.findText(engine.layout.isc.log(name))) ?? "";
  return text
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => line.split(" ").slice(3).join(" "))
    .filter((line) => line !== "");
}
