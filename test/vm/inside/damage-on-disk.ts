/** Changes one byte of a file where it lies on the disk, behind the file system's back: fs-verity lets nobody write to the file itself. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";

const blockBytes = 4_096;

export function damageOnDisk(file: string): void {
  execFileSync("sync");
  const block = findBlock(file);
  const device = execFileSync("findmnt", ["--noheadings", "--output=SOURCE", "--target", file], { encoding: "utf8" }).trim();
  const disk = openSync(device, "r+");
  const byte = Buffer.alloc(1);
  readSync(disk, byte, 0, 1, block * blockBytes);
  byte.writeUInt8(byte.readUInt8() ^ 1);
  writeSync(disk, byte, 0, 1, block * blockBytes);
  closeSync(disk);
  execFileSync("sync");
  writeFileSync("/proc/sys/vm/drop_caches", "3");
}

/** The disk's block of the file's middle. filefrag(8) -v prints "EXT: FROM..TO: PHYSICAL..PHYSICAL: …" in blocks. */
function findBlock(file: string): number {
  const text = execFileSync("filefrag", ["-v", "-b4096", file], { encoding: "utf8" });
  const extents = [...text.matchAll(/^\s*\d+:\s+(\d+)\.\.\s*(\d+):\s+(\d+)\.\./gm)].map((match) => match.slice(1).map(Number));
  const [, last = 0] = extents.at(-1) ?? [];
  const middle = Math.floor(last / 2);
  for (const [from = 0, to = 0, physical = 0] of extents) if (middle >= from && middle <= to) return physical + middle - from;
  throw new Error(`${file} has no block in its middle: ${text}`);
}
