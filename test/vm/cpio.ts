/** An initramfs in the kernel's "newc" form: a few small files need no cpio program. See Documentation/driver-api/early-userspace/buffer-format.rst. */
import { posix } from "node:path";

export interface CpioFile {
  /** Absolute path inside. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

const regularFile = 0o100000;
const directory = 0o040755;

/** Directories are made from the files' paths, and these empty ones beside. */
export function packCpio(files: readonly CpioFile[], directories: readonly string[]): Buffer {
  const parents = new Set([...directories, ...files.flatMap(({ path }) => parentsOf(path))]);
  const members = [
    ...[...parents].sort().map((path) => member(path, directory, new Uint8Array())),
    ...files.map(({ path, content, mode }) => member(path, regularFile | mode, content)),
    member("/TRAILER!!!", 0, new Uint8Array()),
  ];
  return Buffer.concat(members);
}

function parentsOf(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === "/" ? [] : [...parentsOf(parent), parent];
}

function member(path: string, mode: number, content: Uint8Array): Buffer {
  const name = Buffer.from(`${path.slice(1)}\0`);
  const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
