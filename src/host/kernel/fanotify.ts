/** fanotify(7), as far as it allows and denies executions: a group, its marks, its questions and the answers to them. */
import { closeSync } from "node:fs";
import { callLibc, hasErrorCode } from "./libc.ts";

const FAN_CLOEXEC = 0x1;
const FAN_NONBLOCK = 0x2;
const FAN_CLASS_CONTENT = 0x4;
const FAN_UNLIMITED_QUEUE = 0x10;
const FAN_UNLIMITED_MARKS = 0x20;
/** Threads execute; their own number leads to what they are about to do. */
const FAN_REPORT_TID = 0x100;
/** Of the descriptors that come with the questions: O_LARGEFILE and O_CLOEXEC; read-only. */
const fileFlags = 0x8000 | 0x80000;

const FAN_MARK_ADD = 0x1;
const FAN_MARK_IGNORED_MASK = 0x20;
const FAN_MARK_FILESYSTEM = 0x100;
const FAN_OPEN_PERM = 0x10000;
const FAN_OPEN_EXEC_PERM = 0x40000;
const AT_FDCWD = -100;

const FAN_ALLOW = 1;
const FAN_DENY = 2;

/** struct fanotify_event_metadata. */
const metadataBytes = 24;
const metadataVersion = 3;
/** A few dozen questions; each carries an open descriptor. */
export const questionsBytes = 64 * metadataBytes;

/** A thread waits in the kernel for the answer. */
export interface Question {
  /** Of the file, open for reading; belongs to whoever got the question. */
  readonly file: number;
  readonly tid: number;
  readonly kind: "execute" | "open";
}

/** A new group, never inherited, never blocking. Throws KernelError: EPERM, ENOSYS, EINVAL (built without permission events). */
export function openFanotify(): number {
  const flags = FAN_CLOEXEC | FAN_NONBLOCK | FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_TID;
  return callLibc("int fanotify_init(unsigned int flags, unsigned int file_flags)", [flags, fileFlags], () => "open fanotify");
}

/** Asks about every execution of a file on the file system that holds `path`, in whatever mount namespace. Safe to repeat. */
export function markFileSystem(group: number, path: string): void {
  mark(group, { flags: FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask: FAN_OPEN_EXEC_PERM, path });
}

/** Asks about every opening of one file, for reading or for execution. Safe to repeat. */
export function markOpening(group: number, path: string): void {
  mark(group, { flags: FAN_MARK_ADD, mask: FAN_OPEN_PERM, path });
}

/** Asks about executions of this open file no more. Ends with the mount. */
export function ignoreFile(group: number, file: number): void {
  mark(group, { flags: FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, mask: FAN_OPEN_EXEC_PERM, path: `/proc/self/fd/${file}` });
}

function mark(group: number, { flags, mask, path }: { readonly flags: number; readonly mask: number; readonly path: string }): void {
  callLibc(
    "int fanotify_mark(int group, unsigned int flags, uint64_t mask, int directory, const char *path)",
    [group, flags, mask, AT_FDCWD, path],
    () => `watch executions of ${path}`,
  );
}

/** What waits to be answered now; none when nothing does. @param buffer of `questionsBytes` */
export function readQuestions(group: number, buffer: Buffer): readonly Question[] {
  let length: number;
  try {
    length = callLibc("long read(int fd, void *bytes, size_t length)", [group, buffer, buffer.length], () => "read fanotify");
  } catch (error) {
    if (hasErrorCode(error, "EAGAIN", "EINTR")) return [];
    throw error;
  }
  return parseQuestions(buffer.subarray(0, length));
}

/** Throws Error when the kernel speaks another version. */
export function parseQuestions(bytes: Buffer): readonly Question[] {
  const questions: Question[] = [];
  for (let at = 0; at + metadataBytes <= bytes.length; ) {
    const eventLength = bytes.readUInt32LE(at);
    if (bytes.readUInt8(at + 4) !== metadataVersion || eventLength < metadataBytes) throw new Error("the kernel speaks another fanotify");
    const mask = bytes.readBigUInt64LE(at + 8);
    const kind = (mask & BigInt(FAN_OPEN_EXEC_PERM)) === 0n ? "open" : "execute";
    const file = bytes.readInt32LE(at + 16);
    // FAN_NOFD: the queue ran over, which an unlimited one does not.
    if (file >= 0) questions.push({ file, tid: bytes.readInt32LE(at + 20), kind });
    at += eventLength;
  }
  return questions;
}

/** Lets the thread go on, or has its call fail with EPERM; and closes the file. One that was killed meanwhile needs no answer. */
export function answerQuestion(group: number, { file }: Question, allow: boolean): void {
  const response = Buffer.alloc(8);
  response.writeInt32LE(file, 0);
  response.writeUInt32LE(allow ? FAN_ALLOW : FAN_DENY, 4);
  try {
    callLibc("long write(int fd, const void *bytes, size_t length)", [group, response, response.length], () => "answer fanotify");
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw error;
  } finally {
    closeSync(file);
  }
}
