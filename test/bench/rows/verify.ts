/** verify of a running ISC, and a full re-hash of its image held against openssl. */

import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { type Bench, timeMs } from "../bench.ts";
import { nameOf } from "../iscadm-contender.ts";
import { run } from "../run-program.ts";
import { waitForAnswer } from "../wait-for-answer.ts";

const verify = { id: "verify", title: "verify, image not read again", unit: "ms" } as const;
const rehash = { id: "rehash", title: "full re-hash of the image, all cores", unit: "MiB/s", reference: "openssl" } as const;
const mebibyte = 1_024 * 1_024;

export async function measureVerify({ iscadm, root, measurements, options }: Bench): Promise<void> {
  const names = [nameOf(0)];
  await iscadm.start(0);
  await waitForAnswer(iscadm.endpoint(0));
  const size = statSync(root.file).size / mebibyte;
  const cores = availableParallelism();
  for (let round = 0; round <= options.rounds; round++) {
    const postureMs = await timeMs(() => iscadm.client.call("verify", { names }));
    const ownMs = await timeMs(() => iscadm.client.call("image-verify", { image: iscadm.image }));
    const openssl = () => run("openssl", ["dgst", "-sha256", root.file]);
    const opensslMs = await timeMs(() => Promise.all(Array.from({ length: cores }, openssl)));
    if (round === 0) continue;
    measurements.add(verify, "iscadm", postureMs);
    measurements.add(rehash, "iscadm", (size / ownMs) * 1_000);
    measurements.add(rehash, "openssl", ((size * cores) / opensslMs) * 1_000);
  }
  await iscadm.stop(0);
}
