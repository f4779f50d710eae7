/** cryptsetup(8) in plain mode: a block device under a key that is nowhere but in the kernel. Needs device mapper and dm-crypt. */
import type { Host } from "../host/host.ts";

const program = "cryptsetup";
export const plainKeyBytes = 64;
/** Nothing by this name: cryptsetup(8), return codes. */
const noSuchDevice = 4;

/** `--hash plain` matters: a key that comes through stdin would else be hashed down to 20 bytes (cryptsetup(8), "plain mode"). */
function openPlainArguments(device: string, name: string): readonly string[] {
  const cipher = ["--cipher", "aes-xts-plain64", "--key-size", String(plainKeyBytes * 8), "--hash", "plain"];
  return ["open", "--type", "plain", "--batch-mode", ...cipher, "--key-file", "-", device, name];
}

export function mappedDevice(name: string): string {
  return `/dev/mapper/${name}`;
}

/** Opens a device as `mappedDevice(name)` and overwrites the key with zeros, also when refused. Throws CommandFailure. */
export async function openPlain(host: Host, device: string, name: string, key: Buffer): Promise<void> {
  try {
    await host.run({ program, arguments: openPlainArguments(device, name), input: key });
  } finally {
    key.fill(0);
  }
}

/** Closes it, or lets the kernel close it when its last user goes. Safe to repeat. Throws CommandFailure. */
export async function closePlain(host: Host, name: string): Promise<void> {
  await host.run({ program, arguments: ["close", "--deferred", name], allowExitCodes: [0, noSuchDevice] });
}
