/** The text of a file that an operator names: whatever the path leads to, the answer is text or one sentence, and never a wait. */
import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Problem } from "../base/problem.ts";

/** More than any blueprint; the parser has a limit of its own. */
const limitBytes = 1024 * 1024;

/** What open(2) and read(2) say most often, in plain words. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  // A socket, or a device without its driver.
  ENXIO: "it is not a file",
  EAGAIN: "it is not a file",
};

/** Throws Problem BLUEPRINT_UNREADABLE. */
export function readBlueprint(file: string): Promise<string> {
  return readSmallFile(file, { what: "blueprint", limitBytes });
}

export interface SmallFile {
  /** What complaints call it. */
  readonly what: string;
  readonly limitBytes: number;
  /** "latin1": any bytes, one for each character. */
  readonly encoding?: "utf8" | "latin1";
}

/** Throws Problem BLUEPRINT_UNREADABLE. */
export async function readSmallFile(file: string, small: SmallFile): Promise<string> {
  const unreadable = complaintsOf(small);
  if (file.includes("\0")) throw unreadable(file, "a path holds no zero bytes");
  try {
    // O_NONBLOCK: a named pipe, or a file of /proc that waits for news, must not hold up the dock.
    await using opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return await readText(opened, file, small);
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw unreadable(file, reasons[code] ?? message, undefined, error);
  }
}

async function readText(opened: FileHandle, file: string, small: SmallFile): Promise<string> {
  const { limitBytes: most, encoding = "utf8" } = small;
  const unreadable = complaintsOf(small);
  const status = await opened.stat();
  if (status.isDirectory()) throw unreadable(file, "it is a directory", "name the YAML file in it");
  if (!status.isFile()) throw unreadable(file, "it is not a file");
  const bytes = await readAtMost(opened, most + 1);
  if (bytes.length > most) throw unreadable(file, `it is larger than ${most} bytes`);
  if (encoding === "utf8" && !isUtf8(bytes)) throw unreadable(file, "it is not UTF-8 text", "save it as UTF-8");
  return bytes.toString(encoding);
}

/** Counts what comes, since the size of a file may lie or change. */
async function readAtMost(opened: FileHandle, mostBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(mostBytes);
  let length = 0;
  while (length < mostBytes) {
    const { bytesRead } = await opened.read(buffer, length, mostBytes - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function complaintsOf({ what }: SmallFile) {
  return (file: string, reason: string, hint?: string, cause?: unknown): Problem => {
    // A path may hold any character but zero; a sentence is one line.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    const named = file.replaceAll(/[\u0000-\u001f\u007f]/g, "?");
    return new Problem("BLUEPRINT_UNREADABLE", `cannot read ${what} ${named}: ${reason}`, { hint, cause });
  };
}
