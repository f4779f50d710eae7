/** The blueprint as an operator writes it. Every key has its description here: editors show it through the JSON Schema. */
import { z } from "zod";
import { Containment, WriteProfile } from "../model/blueprint.ts";
import { cleanseForm } from "./cleanse-form.ts";
import { filesForm } from "./files-form.ts";
import { healthForm } from "./health-form.ts";
import { networkForm } from "./network-form.ts";
import { respondForm } from "./respond-form.ts";
import { rightsForm } from "./rights-form.ts";
import { count, cpu, name, place, size } from "./scalars.ts";
import { servicesForm } from "./service-form.ts";
import { sourceForm } from "./source-form.ts";
import { volumesForm } from "./volumes-form.ts";

const mebibyte = 1024 ** 2;
const tebibyte = 1024 ** 4;

const limitsForm = z
  .strictObject({
    memory: size(8 * mebibyte, 16 * tebibyte)
      .prefault("256MiB")
      .describe("Most memory all its processes may use together."),
    cpu: cpu.prefault("100%").describe("Most processor time: a share of one core such as 50%, or a number of cores such as 2."),
    // The kernel's own bound (PID_MAX_LIMIT); process 1 and the service make two.
    processes: count(2, 4_194_304).default(64).describe("Most processes and threads at one time."),
    "open-files": count(16, 1_048_576).default(1024).describe("Most files one process may have open."),
  })
  .transform(({ memory, cpu: cpuPercent, processes, "open-files": openFiles }) => ({
    memoryBytes: memory,
    cpuPercent,
    processes,
    openFiles,
  }));

const removed = place.refine((path) => path !== "/", "expected a path below /").describe("A file or folder of the image.");

export const blueprintForm = z.strictObject(
  {
    isc: z.literal(1, { error: "expected 1, the version of this format" }).describe("The version of this format: 1."),
    name: name.describe("The image's name, and that of an ISC made from it when no other is given."),
    from: sourceForm.describe("Where the root file system comes from: exactly one of debian, oci or directory."),
    services: servicesForm.describe(
      "What runs, by name. {} takes everything from the systemd unit of that name, or from the OCI image's configuration.",
    ),
    slim: z
      .union([z.boolean(), z.enum(["on", "off"])], { error: "expected on or off" })
      .transform((given) => given === true || given === "on")
      .prefault("on")
      .describe("Takes the package manager, caches, documentation and setuid bits out of the image. off keeps them."),
    files: filesForm
      .prefault({})
      .describe(
        "What is laid over the root before it is sealed: the place in the image, and a path beside the blueprint or { content: … }. A place that ends in a slash takes a folder's contents.",
      ),
    remove: z
      .array(removed, { error: "expected a list of paths" })
      .max(256, "expected at most 256 paths")
      .default([])
      .describe("Paths taken out of the image before it is sealed; each must be there."),
    network: networkForm.prefault({}).describe("What it may hear and say. Everything else is closed, both ways."),
    limits: limitsForm.prefault({}).describe("What it may use of the machine."),
    scratch: size(8 * mebibyte, tebibyte)
      .prefault("64MiB")
      .describe("Size of its encrypted, throw-away writable space."),
    volumes: volumesForm.prefault({}).describe("Data that outlives a reset, by name."),
    writes: WriteProfile.default("fixed").describe(
      "Where it may write. strict: scratch only. fixed: scratch and volumes. flexible: as fixed, and /etc and /var until the next reset.",
    ),
    rights: rightsForm.prefault({}).describe("What it may do beyond the default, which is nothing."),
    health: healthForm.optional().describe("How the dock finds out whether it answers. Without it, a living process is a healthy one."),
    cleanse: cleanseForm
      .optional()
      .describe(
        "Replaces the running instance by a fresh clone of itself again and again, without a dropped request. Without it, only when asked.",
      ),
    respond: respondForm
      .optional()
      .describe("What the dock does by itself when something is wrong with it. What is not said here, dock.yaml says for all."),
    containment: Containment.default("container").describe(
      "What holds it: container (the kernel's namespaces), gvisor (a kernel in user space) or vm (a virtual machine).",
    ),
  },
  { error: "expected a blueprint: a mapping with isc, name, from and services" },
);
export type BlueprintForm = z.output<typeof blueprintForm>;
