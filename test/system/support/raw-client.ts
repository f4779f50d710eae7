/** A client that says some bytes and hears until it has what it waits for: enough for protocols of lines, and to see a server's first word. */
import { connect } from "node:net";

/**
 * What came back, up to and with the end that was waited for; undefined when it did not come within the time.
 *
 * @param until what the answer holds once it is whole
 */
export function askRaw(port: number, words: string | Uint8Array, until: RegExp, timeoutMs = 3_000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: timeoutMs });
    let heard = "";
    const end = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => socket.write(words));
    socket.on("data", (data) => {
      heard += data.toString("latin1");
      if (until.test(heard)) end(heard);
    });
    socket.on("timeout", () => end(undefined));
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(undefined));
  });
}

/** PostgreSQL's first message: protocol 3.0, and who asks for which database. */
export function renderStartup(user: string, database: string): Uint8Array {
  const words = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + words.length, 0);
  head.writeUInt32BE(3 << 16, 4);
  return Buffer.concat([head, words]);
}
