/** All techniques by family. */
import type { Family, Technique } from "./technique.ts";
import { escapes } from "./techniques/escape.ts";
import { evasion } from "./techniques/evasion.ts";
import { execution } from "./techniques/execution.ts";
import { files } from "./techniques/files.ts";
import { kernel } from "./techniques/kernel.ts";
import { memory } from "./techniques/memory.ts";
import { network } from "./techniques/network.ts";
import { resources } from "./techniques/resources.ts";

export const techniques: Readonly<Record<Family, readonly Technique[]>> = {
  execution,
  memory,
  kernel,
  files,
  escape: escapes,
  network,
  resources,
  evasion,
};
