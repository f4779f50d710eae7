/** Constant reads and writes of a Redis with one primary: each over a new connection, and each answer compared with what was written. */
import { type ChildProcess, spawn } from "node:child_process";

export interface RedisPorts {
  readonly write: number;
  readonly read: number;
  /** Of `ip netns`: where it comes from. */
  readonly namespace: string;
}

export interface RedisReport {
  readonly asked: number;
  readonly faults: readonly string[];
}

/** Writes a value that stays the same, so that a replica which is behind has it, too; one that has no data has not. */
const asker = `
const { connect } = require("node:net");
const [write, read] = process.argv.slice(1).map(Number);
const report = { asked: 0, faults: [] };
let ending = false;
process.stdin.on("end", () => { ending = true; }).resume();
const ask = (port, words, wanted) => new Promise((resolve) => {
  let text = "";
  const socket = connect({ host: "127.0.0.1", port });
  const done = (fault) => { socket.destroy(); report.asked++; if (fault) report.faults.push(port + ": " + fault); resolve(); };
  socket.setTimeout(5000, () => done("no answer"));
  socket.on("error", (error) => done(error.message));
  socket.on("end", () => done("closed after " + JSON.stringify(text)));
  socket.on("connect", () => socket.write(words));
  socket.on("data", (data) => { text += data; if (text.endsWith("\\r\\n") && text.length >= wanted.length) done(text === wanted ? "" : text.trim()); else if (text.startsWith("-")) done(text.trim()); });
});
const loop = async (...words) => { while (!ending) { await ask(...words); await new Promise((resolve) => setTimeout(resolve, 5)); } };
Promise.all([
  loop(write, "SET colour blue\\r\\n", "+OK\\r\\n"),
  loop(read, "GET colour\\r\\n", "$4\\r\\nblue\\r\\n"),
  loop(read, "GET colour\\r\\n", "$4\\r\\nblue\\r\\n"),
]).then(() => console.log(JSON.stringify(report)));`;

export class RedisLoad {
  readonly #child: ChildProcess;
  #output = "";

  constructor({ write, read, namespace }: RedisPorts) {
    const words = ["netns", "exec", namespace, process.execPath, "-e", asker, String(write), String(read)];
    this.#child = spawn("ip", words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout?.on("data", (chunk) => {
      this.#output += String(chunk);
    });
  }

  /** Lets what is under way come to its end. */
  stop(): Promise<RedisReport> {
    const ended = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
    this.#child.stdin?.end();
    return ended.then(() => JSON.parse(this.#output) as RedisReport);
  }
}
