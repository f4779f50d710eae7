/** A place to build in without a dock: folders of a test's own, a blueprint made by hand, and proof that nothing is left. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, type BuiltImage, buildImage } from "../../../src/engine/build/build-image.ts";
import type { Host } from "../../../src/host/host.ts";
import { parseMountInfo } from "../../../src/host/kernel/mountinfo.ts";
import { MNT_DETACH, unmount } from "../../../src/host/kernel/mounts.ts";
import { createLocalHost } from "../../../src/host/local-host.ts";
import { closeKernel, openKernel } from "../../../src/host/local-kernel.ts";
import { Blueprint } from "../../../src/model/blueprint.ts";
import { type Layout, layoutOf } from "../../../src/model/layout.ts";
import { ProgramKnowledgeFile } from "../../../src/model/program-knowledge.ts";

const knowledgeFile = fileURLToPath(new URL("../../../profiles/programs.json", import.meta.url));
/** The cache that all system tests share. */
const sharedCache = "/var/tmp/isc-test-cache";

export interface BuildArea {
  readonly path: string;
  readonly host: Host;
  readonly layout: Layout;
  /** Another store beside the first, with a cache of its own or without. */
  layoutAt(name: string, cache?: string): Layout;
  build(options: Partial<BuildOptions> & Pick<BuildOptions, "blueprint">): Promise<BuiltImage>;
}

export async function withBuildArea(use: (area: BuildArea) => Promise<void>): Promise<void> {
  const area = mkdtempSync("/var/tmp/isc-build-test-");
  chmodSync(area, 0o700);
  const kernel = openKernel();
  const host = createLocalHost(kernel);
  const layoutAt = (name: string, cache?: string) => {
    mkdirSync(path.join(area, name), { recursive: true });
    return layoutOf({ root: path.join(area, name), run: path.join(area, "run"), ...(cache === undefined ? {} : { cache }) });
  };
  const layout = layoutAt("root", sharedCache);
  const { programs: knowledge } = ProgramKnowledgeFile.parse(JSON.parse(readFileSync(knowledgeFile, "utf8")));
  try {
    await use({
      path: area,
      host,
      layout,
      layoutAt,
      build: (options) =>
        buildImage({ host, layout, knowledge, directory: area, blueprintText: "isc: 1\n", report: () => undefined, ...options }),
    });
    assert.deepEqual(listTraces(area), []);
  } finally {
    for (const mount of mountsBelow(area).toReversed()) unmount(mount, MNT_DETACH);
    rmSync(area, { recursive: true, force: true });
    await closeKernel(kernel);
  }
}

/** What a blueprint says when it says nothing but where its files come from. */
export function blueprintOf(fields: Partial<Blueprint>): Blueprint {
  return Blueprint.parse({
    isc: 1,
    name: "web",
    from: { kind: "debian", suite: "bookworm", packages: [] },
    slim: true,
    services: { web: { command: ["/usr/bin/sleep", "1"] } },
    files: [],
    remove: [],
    posture: {
      network: { listen: [], expose: [], connect: [] },
      limits: { memoryBytes: 67_108_864, cpuPercent: 50, processes: 32, openFiles: 1024 },
      scratchBytes: 67_108_864,
      volumes: {},
      writes: "fixed",
      rights: { capabilities: [], syscalls: [], writableCode: false },
      containment: "container",
    },
    ...fields,
  });
}

/** Mounts, work folders, control groups and processes of builds in this area. */
export function listTraces(area: string): readonly string[] {
  const works = ["root/tmp", "other/tmp", "full/tmp"].flatMap((folder) =>
    listOrNothing(`${area}/${folder}`).map((name) => `${folder}/${name}`),
  );
  const processes = listOrNothing("/proc").filter(
    (pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && readOrNothing(`/proc/${pid}/cmdline`).includes(area),
  );
  const names = works.map((work) => path.basename(work));
  const groups = listOrNothing("/sys/fs/cgroup").flatMap((controller) =>
    listOrNothing(`/sys/fs/cgroup/${controller}`).filter((name) => names.includes(name.replace("isc-build-", ""))),
  );
  return [...mountsBelow(area), ...works, ...processes.map((pid) => `process ${pid}`), ...groups];
}

function mountsBelow(area: string): readonly string[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .map((mount) => mount.mountPoint)
    .filter((point) => point.startsWith(`${area}/`));
}

function listOrNothing(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
