/** skopeo: copies an OCI image from a registry, a layout or an archive into a local layout, checking every digest. See skopeo-copy(1). */
import type { Command, Host } from "../host/host.ts";

export interface SkopeoSource {
  /** docker://…, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]. */
  readonly reference: string;
  /** containers-policy.json(5): whose signatures are asked for. */
  readonly policyFile: string;
}

/** The tag of the copy: an OCI layout may hold several images. */
export const localTag = "isc";

const transports = ["docker://", "oci:", "oci-archive:", "docker-archive:"];
const copyTimeoutMs = 3_600_000;

export function isImageReference(reference: string): boolean {
  return (
    transports.some((transport) => reference.startsWith(transport) && reference.length > transport.length) && !/[\s\0]/.test(reference)
  );
}

/** A registry on this machine's own loopback may speak plain HTTP, as docker allows it, too: nobody is between. */
export function isLoopbackRegistry(reference: string): boolean {
  return /^docker:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?\//.test(reference);
}

export function copyArguments({ reference, policyFile }: SkopeoSource, layout: string): readonly string[] {
  const plain = isLoopbackRegistry(reference) ? ["--src-tls-verify=false"] : [];
  return [
    "--policy",
    policyFile,
    "copy",
    "--retry-times",
    "2",
    "--remove-signatures",
    ...plain,
    "--",
    reference,
    `oci:${layout}:${localTag}`,
  ];
}

export interface CopyOptions {
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Copies the image for this machine's architecture into `layout`. Throws CommandFailure.
 * Registry logins are root's own: `skopeo login`, `podman login` or `docker login`.
 */
export async function copyImage(host: Host, source: SkopeoSource, layout: string, { onLine, signal }: CopyOptions): Promise<void> {
  const command: Command = {
    program: "skopeo",
    arguments: copyArguments(source, layout),
    environment: { HOME: "/root" },
    timeoutMs: copyTimeoutMs,
    onLine,
  };
  await host.run(signal ? { ...command, signal } : command);
}

/** The configuration of a copied image, JSON. Throws CommandFailure. */
export async function readImageConfig(host: Host, policyFile: string, layout: string): Promise<string> {
  const command = ["--policy", policyFile, "inspect", "--config", "--raw", `oci:${layout}:${localTag}`];
  return (await host.run({ program: "skopeo", arguments: command, environment: { HOME: "/root" } })).stdout;
}
