/**
 * The floor: crun alone, with the configuration that iscadm writes for the same image, and everything else (root mount, writable
 * places, network, firewall) made beforehand.
 */
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createNetworkNamespace, removeNetworkNamespace, withNetworkNamespace } from "../../src/host/kernel/namespaces.ts";
import type { Manifest } from "../../src/model/image.ts";
import type { Name } from "../../src/model/name.ts";
import type { Area } from "./area.ts";
import { type Contender, portOf } from "./contender.ts";
import { type IscadmContender, nameOf } from "./iscadm-contender.ts";
import { Machine } from "./machine.ts";
import { cgroupName } from "./remove-cgroups.ts";
import type { RunOptions } from "./run-program.ts";
import { mountIdmapped, type SealedRoot } from "./sealed-root.ts";

const container = "bench";
const [outsideAddress, insideAddress] = ["172.31.255.1", "172.31.255.2"];

/** Below those of every dock: verify would take its processes for strangers in an ISC's range, and the dock would act. */
const hostId = 0x6fff_0000;

interface IdMapping {
  hostID: number;
}

interface RuntimeConfig {
  root: { path: string };
  mounts: { source: string }[];
  linux: {
    namespaces: { type: string; path?: string }[];
    uidMappings: IdMapping[];
    gidMappings: IdMapping[];
    cgroupsPath?: string;
    resources?: object;
  };
}

export interface CrunOptions {
  readonly area: Area;
  readonly number: number;
  readonly root: SealedRoot;
  /** Its instance 0 has to be running: the configuration is read from there. */
  readonly iscadm: IscadmContender;
}

export class CrunContender implements Contender {
  readonly name = "raw crun";
  readonly capacity = 1;
  readonly machine: Machine;
  readonly #base: string;
  readonly #manifest: Manifest;

  private constructor(machine: Machine, base: string, manifest: Manifest) {
    this.machine = machine;
    this.#base = base;
    this.#manifest = manifest;
  }

  static async make({ area, number, root, iscadm }: CrunOptions): Promise<CrunContender> {
    const base = area.directory("crun");
    for (const name of ["root", "store", "places", "etc", "bundle", "state"]) mkdirSync(`${base}/${name}`);
    const { live } = iscadm.layout;
    const name = nameOf(0) as Name;
    const config = JSON.parse(readFileSync(`${live.bundle(name)}/config.json`, "utf8")) as RuntimeConfig;
    cpSync(live.etc(name), `${base}/etc`, { recursive: true });
    for (const place of config.mounts) {
      place.source = place.source.replace(live.placesMount(name), `${base}/places`).replace(live.etc(name), `${base}/etc`);
    }
    config.root.path = `${base}/root`;
    for (const namespace of config.linux.namespaces) if (namespace.type === "network") namespace.path = `${base}/net`;
    config.linux.cgroupsPath = `/${cgroupName}/crun`;
    config.linux.resources = limitsOf(root.manifest);
    for (const mapping of [...config.linux.uidMappings, ...config.linux.gidMappings]) mapping.hostID = hostId;
    writeFileSync(`${base}/bundle/config.json`, JSON.stringify(config));
    makePlaces(`${base}/store`, root.manifest);
    await mountIdmapped(area, { source: root.mounted, target: `${base}/root`, hostId, readOnly: true });
    await mountIdmapped(area, { source: `${base}/store`, target: `${base}/places`, hostId, readOnly: false });
    createNetworkNamespace(`${base}/net`);
    area.onEnd(() => removeNetworkNamespace(`${base}/net`));
    // After the mounts, which it must hold too.
    const machine = await Machine.make(area, { number });
    const contender = new CrunContender(machine, base, root.manifest);
    await contender.#joinNetwork();
    area.onEnd(() => contender.#crun(["delete", "--force", container], { anyExitCode: true }));
    return contender;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async start(): Promise<void> {
    await this.#crun(["run", "--detach", "--bundle", `${this.#base}/bundle`, container]);
  }

  async stop(): Promise<void> {
    await this.#crun(["delete", "--force", container]);
    makePlaces(`${this.#base}/store`, this.#manifest);
  }

  async replace(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async exec(_index: number, command: readonly string[]): Promise<void> {
    await this.#crun(["exec", container, ...command]);
  }

  async list(): Promise<void> {
    await this.#crun(["list"]);
  }

  endpoint(index: number) {
    return { address: this.machine.address, port: portOf(index) };
  }

  #crun(words: readonly string[], options?: RunOptions): Promise<string> {
    return this.machine.run("crun", [`--root=${this.#base}/state`, "--cgroup-manager=cgroupfs", ...words], options);
  }

  async #joinNetwork(): Promise<void> {
    const pin = `${this.#base}/net`;
    withNetworkNamespace(pin, () => writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"));
    const inside = (words: readonly string[]) => this.machine.run("nsenter", [`--net=${pin}`, "ip", ...words]);
    await this.machine.run("ip", ["link", "add", "container", "type", "veth", "peer", "name", "eth0", "netns", pin]);
    await this.machine.run("ip", ["address", "add", `${outsideAddress}/30`, "dev", "container"]);
    await this.machine.run("ip", ["link", "set", "container", "up"]);
    await inside(["address", "add", `${insideAddress}/30`, "dev", "eth0"]);
    for (const link of ["lo", "eth0"]) await inside(["link", "set", link, "up"]);
    await inside(["route", "add", "default", "via", outsideAddress]);
    const rule = `tcp dport ${portOf(0)} dnat to ${insideAddress}:80`;
    await this.machine.run("nft", ["-f", "-"], {
      input: `table ip bench {\n\tchain publish {\n\t\ttype nat hook prerouting priority dstnat\n\t\t${rule}\n\t}\n}\n`,
    });
  }
}

function limitsOf({ posture: { limits } }: Manifest): object {
  return {
    devices: [{ allow: false, access: "rwm" }],
    memory: { limit: limits.memoryBytes },
    cpu: { quota: limits.cpuPercent * 1_000, period: 100_000 },
    pids: { limit: limits.processes },
  };
}

/** Empty writable places, as an ISC finds them on new scratch. */
function makePlaces(store: string, manifest: Manifest): void {
  for (const place of manifest.places) {
    rmSync(store + place.path, { recursive: true, force: true });
    for (const { path, mode, uid, gid } of [place, ...place.directories]) {
      mkdirSync(store + path, { recursive: true });
      chmodSync(store + path, mode);
      chownSync(store + path, uid, gid);
    }
  }
}
