/** The operator's form → the model: paths made absolute, and what only the whole can tell. */
import { posix } from "node:path";
import type { Blueprint, FileOverlay, Source } from "../model/blueprint.ts";
import type { BlueprintForm } from "./blueprint-form.ts";
import type { Fault } from "./fault.ts";
import type { SourceForm } from "./source-form.ts";

/** @param directory absolute path of the blueprint's folder */
export function blueprintOf(form: BlueprintForm, directory: string): Blueprint {
  const { network, limits, scratch, volumes, writes, rights, health, cleanse, respond, containment } = form;
  return {
    isc: form.isc,
    name: form.name,
    from: sourceOf(form.from, directory),
    slim: form.slim,
    services: Object.fromEntries(Object.entries(form.services).map(([name, service]) => [name, service ?? {}])),
    files: form.files.map((overlay) => fileOf(overlay, directory)),
    remove: form.remove,
    posture: {
      network,
      limits,
      scratchBytes: scratch,
      volumes,
      writes,
      rights,
      ...(health === undefined ? {} : { health }),
      ...(cleanse === undefined ? {} : { cleanse }),
      ...(respond === undefined ? {} : { respond }),
      containment,
    },
  };
}

/** What contradicts itself only when the whole is seen. */
export function findContradictions(form: BlueprintForm, directory: string): Fault[] {
  const faults: Fault[] = [];
  if (form.writes === "strict" && Object.keys(form.volumes).length > 0) {
    faults.push({ path: ["volumes"], at: "key", sentence: "writes: strict allows no volumes; expected writes: fixed, or no volumes" });
  }
  if (form.rights.execute !== undefined && form.containment !== "container") {
    const sentence = `${form.containment} runs programs under a kernel of its own, which nothing here can hold to a list; expected containment: container, or execute: image`;
    faults.push({ path: ["rights", "execute"], at: "value", sentence });
  }
  const { health } = form;
  if (health !== undefined && health.kind !== "command") {
    const isHeard = form.network.listen.some(({ port, protocol }) => port === health.port && protocol === "tcp");
    const sentence = `checks port ${health.port}, which is neither listened on nor exposed; expected it in network.listen`;
    if (!isHeard) faults.push({ path: ["health", health.kind], at: "value", sentence });
  }
  if (form.from.kind === "oci" && form.from.transport !== "docker" && directory.includes(":")) {
    faults.push({
      path: ["from", "oci"],
      at: "value",
      sentence: `the folder ${directory} has a colon in its name, which OCI references cannot express`,
    });
  }
  return faults;
}

function sourceOf(form: SourceForm, directory: string): Source {
  switch (form.kind) {
    case "debian":
      return form;
    case "directory":
      return { kind: "directory", path: posix.resolve(directory, form.path) };
    case "oci":
      return {
        kind: "oci",
        reference: `${form.transport}:${form.transport === "docker" ? form.rest : resolveLocal(form.rest, directory)}`,
      };
  }
}

function resolveLocal(rest: string, directory: string): string {
  const colon = rest.indexOf(":");
  const path = colon < 0 ? rest : rest.slice(0, colon);
  return posix.resolve(directory, path) + rest.slice(path.length);
}

function fileOf(overlay: FileOverlay, directory: string): FileOverlay {
  return overlay.source === undefined ? overlay : { ...overlay, source: posix.resolve(directory, overlay.source) };
}
