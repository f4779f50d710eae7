/** What the audit sensor costs those who serve: the dock on the host's own network, where the kernel lets itself be heard, at both levels. */
import { auditLevels } from "../../../src/model/dock-config.ts";
import type { Bench } from "../bench.ts";
import { nameOf } from "../iscadm-contender.ts";
import { waitForAnswer } from "../wait-for-answer.ts";
import { measureLoad } from "../wrk.ts";

const ways = [
  { newConnections: false, title: "keep-alive" },
  { newConnections: true, title: "new connection each" },
] as const;

export async function measureAudit({ iscadm, measurements, options }: Bench): Promise<void> {
  const { client } = iscadm;
  const names = [nameOf(0)];
  const seconds = options.small ? 1 : 2;
  for (let round = 0; round < Math.max(3, Math.ceil(options.rounds / 2)); round++) {
    for (const level of auditLevels) {
      await iscadm.withArchive(async () => {
        await iscadm.start(0);
        const endpoint = { address: (await client.call("show", { name: nameOf(0) })).summary.address, port: 80 };
        await waitForAnswer(endpoint);
        for (const { newConnections, title } of ways) {
          const measure = { id: `audit ${level} ${title}`, title: `requests, ${title}, audit ${level}`, unit: "requests/s" } as const;
          measurements.add(measure, "iscadm", await measureLoad(endpoint, { seconds, newConnections }));
        }
        await client.call("stop", { names, timeoutMs: 1 });
      }, `audit: ${level}`);
    }
  }
}
