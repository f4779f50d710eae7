/** Brings a file of the operator into a tree that is being built: only regular files, never through a symlink, never over something else. */
import fs from "node:fs";

export interface CopyIn {
  readonly source: string;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** More than this is refused. */
  readonly limitBytes: number;
}

export class CopyRefused extends Error {
  override readonly name = "CopyRefused";
}

/** Answers the bytes copied. Throws CopyRefused with what is wrong with `source`, or Node's errors. */
export async function copyIn({ source, target, mode, uid, gid, limitBytes }: CopyIn): Promise<number> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
  // O_NONBLOCK: a named pipe must not hold us up until somebody writes to it.
  const from = await fs.promises.open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await from.stat();
    if (!stats.isFile()) throw new CopyRefused(`${source} is no regular file`);
    if (stats.size > limitBytes) throw new CopyRefused(`${source} has ${stats.size} bytes, more than the ${limitBytes} allowed`);
    const to = await fs.promises.open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      const copied = await pump(from, to, limitBytes, source);
      await to.chown(uid, gid);
      await to.chmod(mode);
      return copied;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function pump(from: fs.promises.FileHandle, to: fs.promises.FileHandle, limitBytes: number, source: string): Promise<number> {
  const piece = Buffer.alloc(256 * 1024);
  let copied = 0;
  for (;;) {
    const { bytesRead } = await from.read(piece, 0, piece.length);
    if (bytesRead === 0) return copied;
    copied += bytesRead;
    if (copied > limitBytes) throw new CopyRefused(`${source} grew beyond the ${limitBytes} bytes allowed while it was read`);
    await to.write(piece, 0, bytesRead);
  }
}
