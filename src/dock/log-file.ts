/** The dock's log: written in the background, and never a reason for anything else to fail. A full disk costs lines, and how many is told once there is room. */
import { openSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { reasonOf } from "../base/reason-of.ts";

/** Characters kept while the disk is slow. */
const mostWaiting = 4 * 1024 * 1024;
const writeSome = promisify(write);

export class LogFile {
  readonly #file: number;
  #waiting = "";
  #writing = false;
  #lostLines = 0;
  #reason = "";

  /** Throws the error of node:fs when the file cannot be opened. */
  constructor(path: string) {
    this.#file = openSync(path, "a", 0o600);
  }

  /** @param line with its end */
  write(line: string): void {
    if (this.#waiting.length + line.length > mostWaiting) this.#lose(line, "the disk is too slow");
    else this.#waiting += line;
    if (!this.#writing) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting !== "") {
      const [text, lost] = [this.#waiting, this.#lostLines];
      this.#waiting = "";
      try {
        await this.#writeWhole(Buffer.from(this.#tellLost() + text));
        this.#lostLines -= lost;
      } catch (error) {
        this.#lose(text, reasonOf(error));
      }
    }
    this.#writing = false;
  }

  async #writeWhole(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length; ) written += (await writeSome(this.#file, bytes, written)).bytesWritten;
  }

  #lose(text: string, reason: string): void {
    this.#lostLines += text.split("\n").length - 1;
    this.#reason = reason;
  }

  /** The last that was written may have ended in the middle of a line. */
  #tellLost(): string {
    if (this.#lostLines === 0) return "";
    const told = {
      level: 50,
      time: new Date().toISOString(),
      lines: this.#lostLines,
      error: this.#reason,
      msg: "lines of this log are lost",
    };
    return `\n${JSON.stringify(told)}\n`;
  }

  /** For the process's end: what still waits, as far as there is room. */
  flushNow(): void {
    try {
      if (this.#waiting !== "") writeSync(this.#file, this.#tellLost() + this.#waiting);
    } catch {
      // There is nobody left to tell.
    }
    this.#waiting = "";
  }
}
