/** Is an incident's archive what the dock made? Its index is signed, and names the hash of everything else. */
import { createHash } from "node:crypto";
import { Problem } from "../../base/problem.ts";
import { type CheckedIncident, type Incident, incidentFile, incidentPayloadType, incidentSignatureFile } from "../../model/incident.ts";
import { encodeForSigning } from "../../model/seal.ts";
import { openKeyStore } from "../../store/key-store.ts";
import { tarExtractArguments, tarListArguments } from "../../tools/tar.ts";
import { withWorkDirectory } from "../build/work-directory.ts";
import type { Engine } from "../engine.ts";

/** Throws Problem INCIDENT_UNKNOWN or STATE_DAMAGED. */
export async function checkIncident(engine: Engine, id: string): Promise<CheckedIncident> {
  const { host, layout, incidents } = engine;
  const file = incidents.fileOfKnown(id);
  const { incident, text, sizeBytes } = await incidents.read(id);
  return withWorkDirectory(host, layout, async (work) => {
    const members = [incidentFile, incidentSignatureFile, ...incident.files.map(({ name }) => name)];
    try {
      await host.run({ program: "tar", arguments: tarExtractArguments({ file, directory: work, members }), timeoutMs: 300_000 });
    } catch (error) {
      throw damaged(id, file, error);
    }
    const listed = (await host.run({ program: "tar", arguments: tarListArguments(file) })).stdout.split("\n").filter((name) => name !== "");
    const signedBy = await findSigner(engine, `${work}/${incidentSignatureFile}`, text);
    const faults = [
      ...(incident.id === id ? [] : [`it is incident ${incident.id}`]),
      ...(signedBy === undefined ? ["its signature is by no trusted key, or not on this index"] : []),
      ...listed.filter((name) => !members.includes(name)).map((name) => `${name} is not in its index`),
      ...(await findChanged(engine, work, incident)),
    ];
    return { incident, sizeBytes, ...(signedBy === undefined ? {} : { signedBy }), faults };
  });
}

function damaged(id: string, file: string, cause: unknown): Problem {
  return new Problem("STATE_DAMAGED", `cannot read incident ${id}: ${file} is damaged`, { cause });
}

async function findSigner({ host, layout }: Engine, file: string, text: string): Promise<string | undefined> {
  try {
    const envelope = JSON.parse(await host.files.readText(file)) as {
      readonly payload: string;
      readonly signatures: { readonly sig: string }[];
    };
    const payload = Buffer.from(text);
    if (!Buffer.from(envelope.payload, "base64").equals(payload)) return undefined;
    const signatures = envelope.signatures.map(({ sig }) => Buffer.from(sig, "base64"));
    return await openKeyStore(layout).findSigner(encodeForSigning(incidentPayloadType, payload), signatures);
  } catch {
    return undefined;
  }
}

async function findChanged({ host }: Engine, work: string, { files }: Incident): Promise<readonly string[]> {
  const changed = files.map(async ({ name, sha256 }) => {
    const status = await host.files.find(`${work}/${name}`);
    const bytes = status?.kind === "file" ? await host.files.readBytes(`${work}/${name}`) : Buffer.alloc(0);
    return createHash("sha256").update(bytes).digest("hex") === sha256 ? [] : [`${name} is not what was signed`];
  });
  return (await Promise.all(changed)).flat();
}
