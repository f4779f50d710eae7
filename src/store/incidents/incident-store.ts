/** The archives of incidents. Each appears by rename, whole; the oldest go when there are too many or they grow too large. */
import fs from "node:fs";
import { Problem } from "../../base/problem.ts";
import { Incident, type IncidentLimits, type IncidentSummary, incidentFile } from "../../model/incident.ts";
import type { Layout } from "../../model/layout.ts";
import { parseRecipient } from "./age-file.ts";

const archiveName = /^([a-z][a-z0-9-]*\.\d+)\.tar$/;
const tarBlock = 512;
const mostIndexBytes = 16 * 1024 * 1024;

export class IncidentStore {
  readonly #layout: Pick<Layout, "incidents" | "recoveryKey">;
  readonly #limits: IncidentLimits;

  constructor(layout: Pick<Layout, "incidents" | "recoveryKey">, limits: IncidentLimits) {
    this.#layout = layout;
    this.#limits = limits;
  }

  /** Takes a finished, synced archive, and drops the oldest beyond the limits; the new one stays in any case. */
  async add(id: string, draft: string): Promise<void> {
    await fs.promises.mkdir(this.#layout.incidents, { recursive: true, mode: 0o700 });
    await fs.promises.rename(draft, this.fileOf(id));
    const folder = await fs.promises.open(this.#layout.incidents, "r");
    await folder.sync().finally(() => folder.close());
    await this.#prune(id);
  }

  /** Oldest first. One that cannot be read is left out. */
  async list(): Promise<readonly IncidentSummary[]> {
    const found = await Promise.all((await this.#files()).map(({ id }) => this.#summarize(id).catch(() => undefined)));
    return found.filter((one) => one !== undefined).sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  /** What the archive says of itself; whether that is true is for its signature. Throws Problem INCIDENT_UNKNOWN or STATE_DAMAGED. */
  async read(id: string): Promise<{ readonly incident: Incident; readonly text: string; readonly sizeBytes: number }> {
    const file = this.fileOf(id);
    const sizeBytes = (await fs.promises.stat(file)).size;
    const text = await readFirstMember(file);
    try {
      return { incident: Incident.parse(JSON.parse(text)), text, sizeBytes };
    } catch (error) {
      throw damaged(id, file, error);
    }
  }

  /** Throws Problem INCIDENT_UNKNOWN. */
  fileOfKnown(id: string): string {
    const file = this.fileOf(id);
    if (archiveName.test(`${id}.tar`) && fs.existsSync(file)) return file;
    throw new Problem("INCIDENT_UNKNOWN", `there is no incident ${id}`, { hint: "iscadm incident ls shows all of them" });
  }

  fileOf(id: string): string {
    return `${this.#layout.incidents}/${id}.tar`;
  }

  /** Those who may read scratch; none where the operator has put no key there. Throws Problem STATE_DAMAGED. */
  async recipients(): Promise<readonly Buffer[]> {
    const text = await fs.promises.readFile(this.#layout.recoveryKey, "utf8").catch(() => "");
    const lines = text.split("\n").map((line) => line.trim());
    return lines.flatMap((line, index) => {
      if (line === "" || line.startsWith("#")) return [];
      const recipient = parseRecipient(line);
      if (recipient) return [recipient];
      throw new Problem("STATE_DAMAGED", `cannot use ${this.#layout.recoveryKey}: line ${index + 1} is no recipient of age`, {
        hint: "age-keygen -y KEYFILE prints one: age1…",
      });
    });
  }

  async #summarize(id: string): Promise<IncidentSummary> {
    const { incident, sizeBytes } = await this.read(id);
    const { isc, time, action, reason, scratch } = incident;
    return { id, isc, time, action, reason, scratch, sizeBytes };
  }

  async #files(): Promise<readonly { readonly id: string; readonly sizeBytes: number; readonly addedAtMs: number }[]> {
    const names = await fs.promises.readdir(this.#layout.incidents).catch(() => []);
    const files = names.flatMap((name) => archiveName.exec(name)?.[1] ?? []);
    return files.map((id) => {
      const { size, ctimeMs } = fs.statSync(this.fileOf(id));
      return { id, sizeBytes: size, addedAtMs: ctimeMs };
    });
  }

  async #prune(newest: string): Promise<void> {
    const newestFirst = [...(await this.#files())].sort(
      (a, b) => Number(b.id === newest) - Number(a.id === newest) || b.addedAtMs - a.addedAtMs,
    );
    let bytes = 0;
    for (const [index, { id, sizeBytes }] of newestFirst.entries()) {
      bytes += sizeBytes;
      if (index > 0 && (index >= this.#limits.keep || bytes > this.#limits.sizeBytes))
        await fs.promises.rm(this.fileOf(id), { force: true });
    }
  }
}

function damaged(id: string, file: string, cause: unknown): Problem {
  return new Problem("STATE_DAMAGED", `cannot read incident ${id}: ${incidentFile} in ${file} is damaged`, { cause });
}

/** The index is the first member, a small plain file: its header says how long it is (tar(5), ustar), and it follows. */
async function readFirstMember(path: string): Promise<string> {
  const file = await fs.promises.open(path, "r");
  try {
    const header = Buffer.alloc(tarBlock);
    await file.read(header, 0, tarBlock, 0);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
    if (name !== incidentFile || !(size <= mostIndexBytes))
      throw new Problem("STATE_DAMAGED", `cannot read ${path}: it is no incident's archive`);
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, tarBlock);
    return bytes.toString("utf8");
  } finally {
    await file.close();
  }
}
