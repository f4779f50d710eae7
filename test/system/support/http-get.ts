/** One HTTP GET over a fresh connection, with a short patience: a closed firewall answers nothing at all. */
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Undefined when nothing came back within the time. */
export function httpGet(url: string, timeoutMs = 1_500): Promise<HttpAnswer | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, timeout: timeoutMs, headers: { connection: "keep-alive" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        sent.destroy();
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
      response.on("error", () => resolve(undefined));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}

/** Asks until something answers, for services whose start cannot be seen from outside. */
export async function waitForPage(url: string, timeoutMs = 15_000): Promise<HttpAnswer> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
    const answer = await httpGet(url, 1_000);
    if (answer) return answer;
    await sleep(50);
  }
  throw new Error(`no answer from ${url} within ${timeoutMs} ms`);
}
