/** What lies around a target: witnesses on the far side of its machine, on the machine itself, and at the metadata address. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Area } from "../bench/area.ts";
import type { Machine } from "../bench/machine.ts";
import { run } from "../bench/run-program.ts";

export interface Hit {
  readonly where: string;
  readonly from: string;
  readonly text: string;
}

const witnessFile = fileURLToPath(new URL("witness.ts", import.meta.url));
const spoofedAddress = "198.51.100.7";
/** The destination that the blueprints declare, by UDP. */
export const declaredPort = 9_101;

export class World {
  readonly machine: Machine;
  /** Beyond the machine. */
  readonly outside: string;
  /** The host, as those inside may know it. */
  readonly dock: string;
  /** A folder of the host that nobody inside may see or change. */
  readonly bait: string;
  readonly #hits: Hit[] = [];

  private constructor({ machine, outside, dock, bait }: Pick<World, "machine" | "outside" | "dock" | "bait">) {
    this.machine = machine;
    this.outside = outside;
    this.dock = dock;
    this.bait = bait;
    this.renewBait();
  }

  /** For a dock on the host itself: the machine is what lies beyond, and there are no witnesses. */
  static onHost(area: Area, machine: Machine): World {
    return new World({ machine, outside: machine.address, dock: farEndOf(machine), bait: baitOf(area, machine) });
  }

  /** @param others places on the machine where witnesses stand too */
  static async make(area: Area, machine: Machine, others: readonly string[] = []): Promise<World> {
    const outside = farEndOf(machine);
    const world = new World({ machine, outside, dock: machine.address, bait: baitOf(area, machine) });
    await machine.run("ip", ["address", "add", "169.254.169.254/32", "dev", "lo"]);
    await world.#watch(area, [
      process.execPath,
      [witnessFile, `tcp:${outside}:4444`, `udp:${outside}:53`, `udp:${outside}:${declaredPort}`],
    ]);
    const inside = ["tcp:169.254.169.254:80", "tcp:0.0.0.0:2375", "udp::::2375", "abstract:isc-attack", ...others];
    await world.#watch(area, machine.wrap(process.execPath, [witnessFile, ...inside]));
    return world;
  }

  async #watch(area: Area, [program, words]: [program: string, words: readonly string[]]): Promise<void> {
    const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    area.onEnd(() => child.kill("SIGKILL"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.once("exit", () => reject(new Error("a witness could not stand where it should")));
    createInterface(child.stdout).on("line", (line) => (line === "ready" ? resolve() : this.#hits.push(JSON.parse(line) as Hit)));
    await promise;
  }

  /** Waits a moment for what is under way. */
  async heard(nonce: string): Promise<Hit | undefined> {
    for (let tries = 0; tries < 10; tries++) {
      const hit = this.#hits.find(({ text, from }) => text.includes(nonce) && (!text.startsWith("spoof") || from === spoofedAddress));
      if (hit) return hit;
      await sleep(50);
    }
    return undefined;
  }

  /** What a client on the machine reads at an address, tried until somebody answers or the time is up. */
  async ask(address: string, port: number): Promise<string> {
    const script = `use IO::Socket::INET; for (1 .. 20) { my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 1);
      if ($s) { my $l = <$s>; print $l; exit 0 } select(undef, undef, undef, 0.1) }`;
    return await this.machine.run("perl", ["-e", script, address, String(port)], { anyExitCode: true, timeoutMs: 4_000 }).catch(() => "");
  }

  renewBait(): void {
    mkdirSync(this.bait, { recursive: true, mode: 0o700 });
    writeFileSync(`${this.bait}/kept`, "kept", { mode: 0o600 });
  }

  /** Owner, mode and entries of the bait. */
  lookAtBait(): string {
    const describe = (file: string) => {
      const { uid, gid, mode } = statSync(file);
      return `${file} ${uid}:${gid} ${mode.toString(8)}`;
    };
    return [this.bait, ...readdirSync(this.bait).map((name) => `${this.bait}/${name}`)].map(describe).join("\n");
  }

  /** Answers from beyond the machine find their way back. */
  async routeBack(network: string): Promise<void> {
    await run("ip", ["route", "add", network, "via", this.machine.address]);
  }
}

/** The machine has the second address of its link, the host the first. */
function farEndOf({ address }: Machine): string {
  return address.replace(/\d+$/, (last) => String(Number(last) - 1));
}

function baitOf(area: Area, { pid }: Machine): string {
  return `${area.directory("bait", String(pid))}/host`;
}
