/** The life of the daemon: lock, logs, engine, reconcile, socket, clocks; and back. */
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Server } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Logger, pino } from "pino";
import { Problem } from "../base/problem.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import { removeStrayCgroups } from "../engine/parts/cgroup.ts";
import { ensureForeignPassage, removeForeignPassage } from "../engine/parts/foreign-firewall.ts";
import { thawBlocked } from "../engine/parts/freezer-blocked.ts";
import { reconcile } from "../engine/reconcile.ts";
import { tryLockFile } from "../host/kernel/lock.ts";
import { createLocalFiles } from "../host/local-files.ts";
import { createLocalHost } from "../host/local-host.ts";
import { closeKernel, openKernel } from "../host/local-kernel.ts";
import { adoptOrphans } from "../host/orphans.ts";
import type { EventDraft } from "../model/event.ts";
import { layoutOf, liveMode } from "../model/layout.ts";
import { ProgramKnowledgeFile } from "../model/program-knowledge.ts";
import { openLedger } from "../store/ledger/ledger.ts";
import { LedgerWatch } from "../store/ledger/ledger-watch.ts";
import { startClocks } from "./clocks.ts";
import type { Dock } from "./dock.ts";
import { Forwarder } from "./forward/forwarder.ts";
import { createHandlers } from "./handlers/handlers.ts";
import { LogFile } from "./log-file.ts";
import { readDockConfig } from "./read-config.ts";
import { startResponder } from "./respond.ts";
import { createDockServer } from "./server.ts";
import type { DockSettings } from "./settings.ts";
import { serveTerminals } from "./terminal.ts";
import { claimUidBlock } from "./uid-block.ts";
import { startSensors } from "./watch.ts";

const privateDirectory = 0o700;
/** How long running answers get when the dock ends. */
const closePatienceMs = 500;
const lockAttempts = 100;
const lockPauseMs = 20;
const libexec = fileURLToPath(new URL("../../libexec", import.meta.url));
const profiles = fileURLToPath(new URL("../../profiles", import.meta.url));

/** Resolves when the dock has ended in good order. Throws Problem when it cannot start. */
export async function runDock(wanted: DockSettings): Promise<void> {
  const layout = layoutOf(wanted);
  const config = readDockConfig(wanted);
  makePlace(layout.root, privateDirectory);
  makePlace(layout.run, liveMode);
  assertPassable(layout.run);
  using lock = await takeLock(wanted, layout.lock);
  if (!lock) throw new Problem("DOCK_RUNNING", `cannot start the dock: another one owns ${layout.root}`, { hint: "iscadm dock status" });
  using uids = await claimUidBlock(wanted.identity, layout.root);
  const settings = { ...wanted, identity: uids.identity };
  const logFile = new LogFile(layout.dockLog);
  process.once("exit", () => logFile.flushNow());
  // Not pino's own: at a full disk that one ends the process, and waits for room while it does.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, logFile);
  process.on("uncaughtException", (error) => die(error, log, logFile));
  const stopped = Promise.withResolvers<void>();
  const host = createLocalHost(openKernel());
  adoptOrphans();
  const ledger = await openLedger(layout, { onError: (error) => log.error({ err: error }, "ledger") });
  const watch = new LedgerWatch(ledger, layout);
  const engine = await openEngine({
    host,
    layout,
    identity: settings.identity,
    runtime: settings.runtime,
    profiles,
    libexec,
    events: ledger,
    ledger: watch,
    incidents: config.incidents,
    audit: config.audit,
    onWatcherError: (watcher, error) => log.error({ err: error, watcher }, "watcher"),
  });
  const dock: Dock = {
    engine,
    ledger,
    settings,
    config,
    log,
    knowledge: readKnowledge(),
    startedAtMs: Date.now(),
    version: readVersion(),
    stop: stopped.resolve,
  };
  const forwarders = config.ledger.forward.map((forward) => new Forwarder(ledger, forward, log));
  const sensors = await startSensors(dock);
  await startUp(engine, log);
  const responder = await startResponder(dock);
  const server = createDockServer(createHandlers(dock), { log, events: ledger });
  serveTerminals(server, dock);
  await listen(server, layout.socket);
  const clocks = startClocks(dock);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, stopped.resolve);
  log.info({ root: layout.root, run: layout.run, network: settings.network, runtime: engine.runtime, pid: process.pid }, "dock up");
  ledger.emit(dockEvent("dock.up", `the dock ${dock.version} is up`, { pid: process.pid, version: dock.version }));
  await stopped.promise;
  await clocks[Symbol.asyncDispose]();
  await responder[Symbol.asyncDispose]();
  await sensors[Symbol.asyncDispose]();
  await close(server, layout.socket);
  await engine.stackNames[Symbol.asyncDispose]();
  await closeDown(engine);
  ledger.emit(dockEvent("dock.down", "the dock ends in good order", { pid: process.pid }));
  for (const forwarder of forwarders) await forwarder[Symbol.asyncDispose]();
  await ledger.close();
  log.info({}, "dock down");
}

/** A dock with a bug must not live on half dead: an orderly exit waits for threads that wait for the kernel. ISCs run on. */
function die(error: Error, log: Logger, logFile: LogFile): void {
  log.fatal({ err: error }, "bug");
  logFile.flushNow();
  process.stderr.write(`${error.stack}\n`, () => process.kill(process.pid, "SIGKILL"));
}

/** A dock that died while one of its ISCs waited for it, frozen, is gone only when that is let go. */
async function takeLock(settings: DockSettings, file: string): Promise<Disposable | undefined> {
  const lock = tryLockFile(file);
  if (lock || !thawBlocked({ files: createLocalFiles() }, settings.identity)) return lock;
  for (let attempt = 0; attempt < lockAttempts; attempt++) {
    const later = tryLockFile(file);
    if (later) return later;
    await sleep(lockPauseMs);
  }
  return undefined;
}

function dockEvent(kind: string, message: string, facts: EventDraft["facts"]): EventDraft {
  return { sensor: "dock", severity: "notice", kind, message, facts };
}

/** The directories above are nobody's business but the host's: they get its usual mode. */
function makePlace(directory: string, mode: number): void {
  mkdirSync(path.dirname(directory), { recursive: true, mode: 0o755 });
  mkdirSync(directory, { recursive: true, mode });
}

/** Process 1 of an ISC walks to its root as a user of its own range; see liveMode. */
function assertPassable(directory: string): void {
  for (let place = path.dirname(directory); place !== "/"; place = path.dirname(place)) {
    if ((statSync(place).mode & 0o001) !== 0) continue;
    throw new Problem("HOST_INCAPABLE", `cannot use ISC_RUN ${directory}: ISCs, which run as other users, cannot pass through ${place}`, {
      hint: `chmod o+x ${place}, or choose another ISC_RUN`,
    });
  }
}

async function startUp(engine: Engine, log: Logger): Promise<void> {
  await engine.iscs.load();
  await engine.stacks.load();
  for (const damaged of engine.iscs.damaged) log.error(damaged, "damaged record");
  const report = await reconcile(engine);
  await ensureForeignPassage(engine);
  for (const { name, error } of report.failed) log.error({ name, err: error }, "cannot reconcile");
  log.info({ kept: report.kept.length, started: report.started, removed: report.removed }, "reconciled");
}

/** Root and group isc may connect; who may change anything is asked of each connection. */
async function listen(server: Server, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  const mask = process.umask(0o177);
  server.listen(socket, listening.resolve);
  await listening.promise;
  process.umask(mask);
  const group = findGroup("isc");
  if (group === undefined) return;
  chownSync(socket, 0, group);
  chmodSync(socket, 0o660);
  chmodSync(socket.slice(0, socket.lastIndexOf("/")), 0o711);
}

async function close(server: Server, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A connection that is neither read nor ended keeps nothing alive and never closes by itself: the timer does both.
  const patience = setTimeout(() => server.closeAllConnections(), closePatienceMs);
  await closed;
  clearTimeout(patience);
}

/** With ISCs running, firewall and mounts stay as they are; without any, nothing of the dock stays behind. */
async function closeDown(engine: Engine): Promise<void> {
  if (!engine.iscs.list().some((record) => record.desired === "running")) {
    engine.firewall.unload();
    await removeForeignPassage(engine);
    await removeStrayCgroups(engine, () => false);
  }
  await closeKernel(engine.host.kernel);
}

function findGroup(name: string): number | undefined {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  return Number.isInteger(id) ? id : undefined;
}

function readVersion(): string {
  // Our own manifest, beside the sources.
  return (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string }).version;
}

function readKnowledge(): Dock["knowledge"] {
  return ProgramKnowledgeFile.parse(JSON.parse(readFileSync(`${profiles}/programs.json`, "utf8"))).programs;
}
