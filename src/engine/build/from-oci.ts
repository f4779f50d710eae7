/**
 * A root from an OCI image. Its layers were made by strangers: they are copied and checked against their digests by skopeo, and unpacked by umoci
 * as root of a user namespace which sees nothing of the host that it could write to, has no network, and cannot make devices.
 */
import { createHash } from "node:crypto";
import { isProblem, Problem } from "../../base/problem.ts";
import { reasonOf } from "../../base/reason-of.ts";
import { OciImageConfig } from "../../model/oci-image-config.ts";
import { copyImage, isImageReference, localTag, readImageConfig } from "../../tools/skopeo.ts";
import { unpackArguments } from "../../tools/umoci.ts";
import { runConfined } from "../../tools/unshare.ts";
import type { BuildContext } from "./build-context.ts";
import { buildIds, imageId, makeImageDirectory } from "./build-ids.ts";

type OciContext = Pick<BuildContext, "host" | "readTree" | "signal" | "work">;

/** An image whose layers lie, still packed, in a layout of this build. */
export interface FetchedImage {
  readonly reference: string;
  readonly config: OciImageConfig;
  /** Names the unpacked tree: the SHA-256 of its layers' digests, "sha256:…". */
  readonly layersDigest: string;
  /** Folder that holds `layout`. */
  readonly place: string;
}

export interface UnpackedImage {
  /** The root, owned by the build's ids. */
  readonly tree: string;
  /** Files and directories with setuid or setgid bits, absolute inside the tree: for slimming. */
  readonly privileged: readonly string[];
  /** Devices, sockets and pipes that were taken out. */
  readonly removed: readonly string[];
}

const operatorsPolicy = "/etc/containers/policy.json";
/** Where the operator demands no signatures: who names an image in a blueprint trusts it, best by its digest. */
const openPolicy = JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] });
const unpackTimeoutMs = 1_800_000;
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** @throws Problem SOURCE_REFUSED, BUILD_FAILED */
export async function fetchOciImage(context: OciContext, reference: string, say: (line: string) => void): Promise<FetchedImage> {
  const { host, work, signal } = context;
  if (!isImageReference(reference)) {
    throw new Problem("SOURCE_REFUSED", `cannot fetch ${reference}: it must begin with docker://, oci:, oci-archive: or docker-archive:`);
  }
  const place = `${work}/oci`;
  const layout = `${place}/layout`;
  await makeImageDirectory(host, place);
  const policyFile = await choosePolicy(context);
  try {
    await copyImage(host, { reference, policyFile }, layout, { onLine: say, signal });
  } catch (error) {
    throw explain("BUILD_FAILED", `cannot fetch ${reference}`, error, hintForFetch(error));
  }
  const config = parseConfig(reference, await readImageConfig(host, policyFile, layout));
  const layersDigest = `sha256:${createHash("sha256").update(config.rootfs.diff_ids.join("\n")).digest("hex")}`;
  return { reference, config, layersDigest, place };
}

/** @throws Problem SOURCE_REFUSED */
export async function unpackOciImage(context: OciContext, image: FetchedImage, say: (line: string) => void): Promise<UnpackedImage> {
  const { host, signal } = context;
  try {
    await runConfined(
      host,
      { ids: buildIds, from: "closed" },
      {
        program: "umoci",
        arguments: unpackArguments("layout", localTag, "root"),
        environment: { HOME: "/" },
        workingDirectory: image.place,
        timeoutMs: unpackTimeoutMs,
        onLine: say,
        ...(signal ? { signal } : {}),
      },
    );
  } catch (error) {
    throw explain("SOURCE_REFUSED", `cannot unpack ${image.reference}`, error);
  }
  const tree = `${image.place}/root`;
  // What follows is done with the dock's own rights: a root that leads elsewhere would be the host's.
  if ((await host.files.find(tree))?.kind !== "directory")
    throw new Problem("SOURCE_REFUSED", `cannot use ${image.reference}: its root is no directory`);
  return { tree, ...(await cleanTree(context, image.reference, tree)) };
}

/** What an image may not hold is taken out or refused. Symlinks may lead anywhere: inside the ISC they lead to its own root. */
async function cleanTree({ host, readTree }: OciContext, reference: string, tree: string): Promise<Omit<UnpackedImage, "tree">> {
  const entries = await readTree(tree).catch((error: unknown) => {
    throw explain("SOURCE_REFUSED", `cannot use ${reference}`, error);
  });
  for (const { path, uid, gid } of entries) {
    try {
      imageId(uid, path);
      imageId(gid, path);
    } catch (error) {
      throw explain("SOURCE_REFUSED", `cannot use ${reference}`, error);
    }
  }
  const removed = entries.filter((entry) => entry.kind === "other").map((entry) => entry.path);
  for (const path of removed) await host.files.remove(`${tree}${path}`);
  const privileged = entries.filter((entry) => (entry.kind === "file" || entry.kind === "directory") && (entry.mode & 0o6000) !== 0);
  return { privileged: privileged.map((entry) => entry.path), removed };
}

async function choosePolicy({ host, work }: OciContext): Promise<string> {
  if (await host.files.find(operatorsPolicy)) return operatorsPolicy;
  const file = `${work}/oci-policy.json`;
  await host.files.write(file, openPolicy);
  return file;
}

function parseConfig(reference: string, text: string): OciImageConfig {
  const refuse = (reason: string, cause?: unknown) => new Problem("SOURCE_REFUSED", `cannot use ${reference}: ${reason}`, { cause });
  let config: OciImageConfig;
  try {
    config = OciImageConfig.parse(JSON.parse(text));
  } catch (error) {
    throw refuse("its configuration is not that of an OCI image", error);
  }
  const expected = architectures[process.arch] ?? process.arch;
  if (config.os !== "linux" || config.architecture !== expected) {
    throw refuse(`it is for ${config.os} on ${config.architecture}, and this machine needs linux on ${expected}`);
  }
  return config;
}

/** skopeo ends with a log line whose message says it all, umoci with a line behind a cross. */
function explain(code: "SOURCE_REFUSED" | "BUILD_FAILED", sentence: string, error: unknown, hint?: string): Problem {
  const details = isProblem(error) ? error.details : [];
  const last = details.at(-1) ?? "";
  const said = /msg="((?:\\.|[^"\\])*)"/.exec(last)?.[1]?.replace(/\\(.)/g, "$1") ?? /^\s*⨯ (.+)$/.exec(last)?.[1];
  const reason = said ?? reasonOf(error);
  return new Problem(code, `${sentence}: ${reason}`, { details, hint, cause: error });
}

function hintForFetch(error: unknown): string | undefined {
  const text = isProblem(error) ? error.details.join("\n") : "";
  if (/unauthorized|authentication required|denied/i.test(text)) return "log root in to the registry, for example with skopeo login";
  if (/http: server gave HTTP response to HTTPS client/i.test(text))
    return "a registry must speak HTTPS, unless it is on this machine's loopback address";
  return undefined;
}
