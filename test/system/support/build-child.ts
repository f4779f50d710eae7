/** A build in a process of its own, to be killed: prints each step as it begins. Arguments: the layout's root, its cache. */
import { buildImage } from "../../../src/engine/build/build-image.ts";
import { createLocalHost } from "../../../src/host/local-host.ts";
import { openKernel } from "../../../src/host/local-kernel.ts";
import { layoutOf } from "../../../src/model/layout.ts";
import { blueprintOf } from "./build-area.ts";

const [root = "", cache = ""] = process.argv.slice(2);
await buildImage({
  host: createLocalHost(openKernel()),
  layout: layoutOf({ root, run: `${root}-run`, cache }),
  blueprint: blueprintOf({ from: { kind: "debian", suite: "bookworm", packages: ["netcat-openbsd"] } }),
  blueprintText: "isc: 1\n",
  directory: root,
  knowledge: [],
  report: ({ step, tookMs }) => {
    if (tookMs === undefined) process.stdout.write(`${step}\n`);
  },
});
