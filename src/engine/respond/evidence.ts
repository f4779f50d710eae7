/**
 * Evidence: what an ISC is and holds at this moment, gathered before something is done to it that cannot be undone. Its processes should
 * be frozen, or they go on while they are looked at. The archive is made beside and appears whole.
 */
import { createHash } from "node:crypto";
import { reasonOf } from "../../base/reason-of.ts";
import type { Event, EventDraft } from "../../model/event.ts";
import { type Incident, incidentFile, incidentPayloadType, incidentSignatureFile } from "../../model/incident.ts";
import type { IscRecord } from "../../model/isc.ts";
import type { Name } from "../../model/name.ts";
import { encodeForSigning } from "../../model/seal.ts";
import { encryptToFile } from "../../store/incidents/age-file.ts";
import { listTree } from "../../store/incidents/list-tree.ts";
import { openKeyStore } from "../../store/key-store.ts";
import { tarCreateArguments } from "../../tools/tar.ts";
import { withWorkDirectory } from "../build/work-directory.ts";
import type { Engine } from "../engine.ts";
import { isFrozen } from "../parts/freezer.ts";
import { findProcess } from "../parts/process.ts";
import { verifyMany } from "../verify/verify.ts";
import { listEvidenceProcesses, readNetworkTables } from "./process-evidence.ts";

export interface EvidenceRequest {
  readonly name: Name;
  readonly action: string;
  readonly reason: string;
  readonly trigger?: Pick<Event, "seq" | "kind" | "message"> | undefined;
}

/** Of scratch, before it is encrypted. */
const mostScratchBytes = 512 * 1024 * 1024;
const mostLogCharacters = 1024 * 1024;
const mostEvents = 2_000;
const mostPackets = 2_000;
const tarTimeoutMs = 300_000;

interface Draft {
  readonly work: string;
  readonly record: IscRecord;
  readonly gaps: string[];
}

/** @returns the incident's number. The caller holds nothing: it may be gathered while the ISC's lock is held. Throws Problem, Node's errors. */
async function keepEvidence(engine: Engine, request: EvidenceRequest): Promise<string> {
  const record = engine.iscs.get(request.name);
  return withWorkDirectory(engine.host, engine.layout, async (work) => {
    const draft: Draft = { work, record, gaps: [] };
    const [, processes, scratch] = await Promise.all([
      attempt(draft, "record", () => writeJson(engine, `${work}/record.json`, record), undefined),
      attempt(draft, "processes", () => writeProcesses(engine, draft), 0),
      attempt(draft, "scratch", () => writeScratch(engine, draft), "none" as const),
      attempt(draft, "events", () => writeEvents(engine, draft), undefined),
      attempt(draft, "findings", () => writeFindings(engine, draft), undefined),
      attempt(draft, "log", () => writeLog(engine, draft), undefined),
    ]);
    const id = `${record.name}.${engine.ledger.head.seq}`;
    const { name: isc, image } = record;
    const { action, reason, trigger } = request;
    const incident: Incident = {
      version: 1,
      id,
      isc,
      image,
      time: new Date(engine.host.now()).toISOString(),
      action,
      reason: reason.slice(0, 1_000),
      ...(trigger ? { trigger: { seq: trigger.seq, kind: trigger.kind, message: trigger.message } } : {}),
      processes,
      scratch,
      gaps: draft.gaps,
      files: await measureFiles(engine, work),
    };
    await writeArchive(engine, work, incident);
    return id;
  });
}

/** That nothing could be kept is told, and holds up nothing. */
export async function tryKeepEvidence(engine: Engine, request: EvidenceRequest): Promise<string | undefined> {
  const tell = (severity: "notice" | "alert", message: string, facts: EventDraft["facts"]) =>
    engine.events.emit({ sensor: "response", severity, kind: "response.evidence", message, isc: request.name, facts });
  try {
    const incident = await keepEvidence(engine, request);
    tell("notice", `evidence is kept as incident ${incident}`, { outcome: "done", incident, action: request.action });
    return incident;
  } catch (error) {
    const reason = reasonOf(error).slice(0, 1_000);
    tell("alert", `evidence could not be kept: ${reason}`, { outcome: "failed", action: request.action, reason });
    return undefined;
  }
}

/** Before what is in quarantine is thrown away: once, since it cannot change. */
export async function keepEvidenceOfQuarantined(engine: Engine, record: IscRecord, action: string): Promise<void> {
  const { name, quarantine } = record;
  if (!quarantine || !findProcess(engine, name)) return;
  const isKept = quarantine.incident !== undefined && engine.host.files.findNow(engine.incidents.fileOf(quarantine.incident)) !== undefined;
  if (!isKept) await tryKeepEvidence(engine, { name, action, reason: quarantine.reason });
}

/** What cannot be had is named, and keeps nothing else from being kept. */
async function attempt<T>({ gaps }: Draft, what: string, work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    gaps.push(`${what}: ${reasonOf(error)}`.slice(0, 500));
    return otherwise;
  }
}

async function writeProcesses(engine: Engine, { work, record }: Draft): Promise<number> {
  const live = findProcess(engine, record.name);
  if (!live) return 0;
  const processes = listEvidenceProcesses(engine, record.name);
  await inParallel([
    writeJson(engine, `${work}/processes.json`, processes),
    ...readNetworkTables(engine, live.pid).map(([name, text]) => engine.host.files.write(`${work}/${name}`, text)),
    engine.host.files.write(`${work}/mounts.txt`, engine.host.files.findTextNow(`/proc/${live.pid}/mountinfo`) ?? ""),
  ]);
  return processes.length;
}

/** None is still being written when this is over. */
async function inParallel(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

async function writeScratch(engine: Engine, draft: Draft): Promise<Incident["scratch"]> {
  const { work, record } = draft;
  const root = engine.layout.live.placesMount(record.name);
  if (!engine.host.files.findNow(root) || !findProcess(engine, record.name)) return "none";
  const recipients = await attempt(draft, "recovery key", () => engine.incidents.recipients(), []);
  const listed = await listTree(root);
  draft.gaps.push(...listed.gaps);
  await engine.host.files.write(`${work}/scratch.jsonl`, listed.text);
  if (recipients.length === 0) return "listed";
  const tar = engine.host.start({
    program: "tar",
    arguments: ["--create", "--numeric-owner", "--sparse", "--warning=none", "--ignore-failed-read", `--directory=${root}`, "."],
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const source = tar.stdout as AsyncIterable<Uint8Array> | undefined;
    if (!source) return "listed";
    const { cut } = await encryptToFile(source, `${work}/scratch.tar.age`, { recipients, mostBytes: mostScratchBytes });
    if (cut) draft.gaps.push(`scratch was cut after ${mostScratchBytes} bytes`);
  } finally {
    tar.kill("SIGKILL");
  }
  return "encrypted";
}

async function writeEvents(engine: Engine, { work, record }: Draft): Promise<void> {
  const write = async (file: string, events: readonly Event[]) =>
    engine.host.files.write(`${work}/${file}`, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  await write("events.jsonl", await engine.ledger.recent({ isc: record.name, tail: mostEvents }));
  await write("packets.jsonl", await engine.ledger.recent({ isc: record.name, sensor: "firewall", tail: mostPackets }));
}

async function writeFindings(engine: Engine, { work, record }: Draft): Promise<void> {
  await writeJson(
    engine,
    `${work}/findings.json`,
    await verifyMany(engine, [record.name], { full: false, once: isFrozen(engine, record.name) }),
  );
}

async function writeLog(engine: Engine, { work, record }: Draft): Promise<void> {
  const text = (await engine.host.files.findText(engine.layout.isc.log(record.name))) ?? "";
  await engine.host.files.write(`${work}/console.log`, text.slice(-mostLogCharacters));
}

async function measureFiles(engine: Engine, work: string): Promise<Incident["files"]> {
  const names = [...(await engine.host.files.list(work))].sort();
  return Promise.all(
    names.map(async (name) => {
      const bytes = await engine.host.files.readBytes(`${work}/${name}`);
      return { name, sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}

/** The index first, then its signature, then what it names. */
async function writeArchive(engine: Engine, work: string, incident: Incident): Promise<void> {
  const { host, layout } = engine;
  const payload = Buffer.from(`${JSON.stringify(incident, undefined, 1)}\n`);
  const { keyId, bytes } = await openKeyStore(layout).sign(encodeForSigning(incidentPayloadType, payload));
  const signatures = [{ keyid: keyId, sig: bytes.toString("base64") }];
  const envelope = { payloadType: incidentPayloadType, payload: payload.toString("base64"), signatures };
  await host.files.write(`${work}/${incidentFile}`, payload);
  await host.files.write(`${work}/${incidentSignatureFile}`, `${JSON.stringify(envelope)}\n`);
  const archive = `${work}/archive.tar`;
  const members = [incidentFile, incidentSignatureFile, ...incident.files.map(({ name }) => name)];
  const plain = tarCreateArguments({ file: archive, directory: work, members });
  await host.run({ program: "tar", arguments: plain, timeoutMs: tarTimeoutMs });
  await host.files.sync(archive);
  await engine.incidents.add(incident.id, archive);
}

async function writeJson(engine: Engine, file: string, value: unknown): Promise<void> {
  await engine.host.files.write(file, `${JSON.stringify(value, undefined, 1)}\n`);
}
