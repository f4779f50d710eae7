/** Constant load by wrk(1), and what failed of it. */
import { spawn } from "node:child_process";

export interface LoadReport {
  readonly requests: number;
  /** Lines in which wrk tells of errors: "Socket errors: …", "Non-2xx or 3xx responses: …". */
  readonly faults: readonly string[];
}

export interface Load {
  readonly url: string;
  readonly seconds: number;
  readonly keepAlive: boolean;
  readonly connections?: number;
  /** Of `ip netns`: where it comes from. */
  readonly namespace?: string;
}

export function runWrk({ url, seconds, keepAlive, connections = 8, namespace }: Load): Promise<LoadReport> {
  const close = keepAlive ? [] : ["--header", "Connection: close"];
  const words = ["--threads", "1", "--connections", String(connections), "--duration", `${seconds}s`, "--timeout", "5s", ...close, url];
  const prefix = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
  const [program = "wrk", ...rest] = [...prefix, "wrk", ...words];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => {
      const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
      resolve({
        requests,
        faults: output.match(/^\s*(Socket errors:.*|Non-2xx or 3xx responses:.*)$/gm)?.map((line) => line.trim()) ?? [],
      });
    });
  });
}
