/**
 * What the exec gate adds to an execution: on a file system it does not ask about, for a program that it has seen before, and for one that
 * it judges every time. The gate itself, on a file system of the bench's own, with a process of a uid that is an ISC's to it.
 */
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, statSync } from "node:fs";
import { startExecGate } from "../../../src/host/exec-gate.ts";
import type { Occasion } from "../../../src/host/exec-gate-rules.ts";
import { type Bench, timeMs } from "../bench.ts";
import { run } from "../run-program.ts";

/** Far from those of any dock. */
const uid = 1_999_000_000;
const ways = ["without the gate", "with it, seen before", "with it, judged every time"] as const;

export async function measureExecGate({ area, measurements, options }: Bench): Promise<void> {
  const count = options.small ? 200 : 1_000;
  const places = new Map<string, string>();
  for (const [index, way] of ways.entries()) places.set(way, await mountTmpfs(area, `exec-${index}`));
  const gate = startExecGate({ onDenied: () => undefined, onFurther: () => undefined, onEnd: () => undefined });
  try {
    gate.setIscs([{ name: "bench", uidBase: uid, uidCount: 1, isReadable: true }]);
    const watch = (way: (typeof ways)[number], occasion: Occasion) => {
      const place = places.get(way) ?? "";
      const { dev, ino, size } = statSync(`${place}/true`);
      const sha256 = createHash("sha256")
        .update(readFileSync(`${place}/true`))
        .digest("hex");
      const program = { path: "/true", inode: ino, sizeBytes: size, sha256, occasions: [occasion] };
      const image = { digest: way, device: dev, programs: [program], loaders: [], held: [] };
      gate.setImage(image);
      gate.markImage(image, place);
    };
    watch(ways[1], "always");
    watch(ways[2], "session");
    for (let round = 0; round <= options.rounds; round++) {
      for (const way of ways) {
        const took = (await timeMs(() => execute(`${places.get(way)}/true`, count))) - (await timeMs(() => execute("", 0)));
        if (round > 0)
          measurements.add({ id: `exec-gate ${way}`, title: `fork, exec, wait ${way}`, unit: "µs" }, "iscadm", (took / count) * 1_000);
      }
    }
  } finally {
    await gate[Symbol.asyncDispose]();
  }
}

async function mountTmpfs(area: Bench["area"], name: string): Promise<string> {
  const place = area.directory(name);
  await run("mount", ["-t", "tmpfs", "-o", "mode=755", "none", place]);
  area.onEnd(() => run("umount", [place]));
  copyFileSync("/bin/true", `${place}/true`);
  return place;
}

async function execute(program: string, count: number): Promise<void> {
  const words = `$> = $< = ${uid}; for (1 .. ${count}) { my $p = fork; exec { "${program}" } "true" or exit 1 unless $p; waitpid $p, 0; die "denied" if $? }`;
  await run("perl", ["-e", words]);
}
