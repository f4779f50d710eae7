/** Starts the virtual machine and waits for its end. Emulated throughout: a machine that is itself virtual may offer a /dev/kvm that hangs. */
import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { GuestBase } from "./guest-base.ts";
import { type GuestLine, parseGuestLines } from "./guest-line.ts";

export interface Guest {
  readonly base: GuestBase;
  readonly project: string;
  readonly state: string;
  readonly work: string;
  readonly timeoutMs: number;
  /** One that says nothing for so long has hung: an emulated machine does so now and then. */
  readonly silenceMs: number;
}

export interface GuestRun {
  readonly lines: readonly GuestLine[];
  readonly console: string;
  readonly timedOut: boolean;
  readonly hung: boolean;
}

const watchEveryMs = 5_000;

/** Throws when qemu cannot be started. */
export async function runGuest(guest: Guest): Promise<GuestRun> {
  const results = `${guest.work}/results`;
  const consoleLog = `${guest.work}/console`;
  for (const file of [results, consoleLog]) writeFileSync(file, "");
  // Whatever ends the tests ends the machine too.
  const command = ["--pdeathsig", "KILL", "--", "qemu-system-x86_64", ...qemuArguments(guest, results, consoleLog)];
  const machine = spawn("setpriv", command, { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  machine.stderr.on("data", (chunk) => {
    words += String(chunk);
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    machine.kill("SIGKILL");
  }, guest.timeoutMs);
  let hung = false;
  let heard = { bytes: 0, atMs: Date.now() };
  const watch = setInterval(() => {
    const bytes = statSync(results).size + statSync(consoleLog).size;
    if (bytes !== heard.bytes) heard = { bytes, atMs: Date.now() };
    if (Date.now() - heard.atMs < guest.silenceMs) return;
    hung = true;
    machine.kill("SIGKILL");
  }, watchEveryMs);
  try {
    await new Promise<void>((resolve, reject) => {
      machine.once("error", reject);
      machine.once("close", () => resolve());
    });
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    machine.kill("SIGKILL");
  }
  return { lines: parseGuestLines(readFileSync(results, "utf8")), console: `${readFileSync(consoleLog, "utf8")}${words}`, timedOut, hung };
}

function qemuArguments(guest: Guest, results: string, consoleLog: string): readonly string[] {
  const disk = (name: string, file: string, readOnly: boolean) => [
    ...["-drive", `id=${name},file=${file},format=raw,if=none,cache=unsafe,readonly=${readOnly ? "on" : "off"}`],
    ...["-device", `virtio-blk-pci,drive=${name},serial=${name}`],
  ];
  return [
    // microvm would have a leaner start, but its one clock is the PIT, and an emulated one fails now and then: the kernel hangs.
    ...["-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1536"],
    ...["-nodefaults", "-no-user-config", "-nographic", "-no-reboot"],
    ...["-kernel", guest.base.kernel, "-initrd", guest.base.initramfs],
    ...["-append", "console=ttyS0 quiet loglevel=4 panic=-1 reboot=t mitigations=off random.trust_cpu=on no_timer_check edd=off"],
    ...["-chardev", `file,id=console,path=${consoleLog}`, "-serial", "chardev:console"],
    ...["-device", "virtio-serial-pci", "-chardev", `file,id=results,path=${results}`],
    ...["-device", "virtserialport,chardev=results,name=results"],
    ...disk("debian", guest.base.debian, true),
    ...disk("project", guest.project, true),
    ...disk("state", guest.state, false),
  ];
}
