/** A layer from a folder of the operator: copied, so that nothing changes it while it is built upon. */
import { Problem } from "../../base/problem.ts";
import type { Source } from "../../model/blueprint.ts";
import { dpkgStatusPath, parseDpkgStatus } from "../../tools/dpkg.ts";
import { type BuildContext, runStep } from "./build-context.ts";
import { buildIds, hostId } from "./build-ids.ts";
import { allowedMode } from "./clean-plan.ts";
import { findTextInside } from "./resolve-inside.ts";
import type { RootLayers } from "./root-source.ts";

const copyTimeoutMs = 1_800_000;

export async function buildFromDirectory(context: BuildContext, { path }: Source & { readonly kind: "directory" }): Promise<RootLayers> {
  const { host, work } = context;
  return runStep(context, "base", `copying ${path}`, async () => {
    if ((await host.files.find(path))?.kind !== "directory") throw new Problem("BUILD_FAILED", `${path} is no directory`);
    const place = `${work}/directory`;
    await host.files.makeDirectory(place);
    // Other file systems mounted there, such as /proc of a chroot, are not part of the root.
    await host.run({
      program: "cp",
      arguments: [
        "--archive",
        "--no-preserve=xattr,context,timestamps",
        "--one-file-system",
        "--reflink=auto",
        "--",
        path,
        `${place}/root`,
      ],
      timeoutMs: copyTimeoutMs,
    });
    await giveTreeToImage(context, `${place}/root`);
    const packages = parseDpkgStatus(findTextInside(host.files, `${place}/root`, dpkgStatusPath) ?? "");
    return { lower: [`${place}/root`], packages };
  });
}

/** A change of owner takes the setuid and setgid bits away, which is what is wanted; devices never get into the image. */
async function giveTreeToImage({ host, readTree }: BuildContext, root: string): Promise<void> {
  for (const entry of await readTree(root)) {
    const file = `${root}${entry.path === "/" ? "" : entry.path}`;
    if (entry.kind === "other") {
      await host.files.remove(file);
      continue;
    }
    if (entry.uid >= buildIds.count || entry.gid >= buildIds.count) {
      throw new Problem(
        "SOURCE_REFUSED",
        `cannot build from ${root}: ${entry.path} is owned by ${entry.uid}:${entry.gid}, an image has the ids 0 to ${buildIds.count - 1}`,
      );
    }
    await host.files.chown(file, hostId(entry.uid), hostId(entry.gid));
    if (entry.kind !== "symlink") await host.files.chmod(file, allowedMode(entry));
  }
}
