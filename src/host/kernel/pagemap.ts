/** Which pages of a mapping are no longer those of its file. See proc_pid_pagemap(5) and the kernel's admin-guide/mm/pagemap.rst. */
import { closeSync, openSync, readSync } from "node:fs";
import { bind } from "./libc.ts";

const _SC_PAGESIZE = 30;
const entryBytes = 8;
/** Entries read at once: 64 KiB. */
const chunkEntries = 8_192;
/** The upper half of an entry: page present (bit 63), swapped out (62), of a file or shared memory (61). */
const presentOrSwapped = 0xc0000000;
const ofFile = 0x20000000;

/** Pages and ranges of one process that are looked at: 1 GiB. Address space costs nothing, so without an end anybody could hold us up. */
const mostPages = 262_144;
const mostRanges = 4_096;

/**
 * For each range of a process's private file mappings, how many pages have become its own: written to since they were mapped, by whomever
 * and in whatever way, in memory or swapped out. Zero for one that has no memory any more. Throws the error of node:fs.
 * @param ranges as in /proc/PID/maps, such as "7f0c18a00000-7f0c18b75000"
 * @returns undefined where there is more than can be looked at
 */
export function countOwnPages(pid: number, ranges: readonly string[]): readonly number[] | undefined {
  if (ranges.length > mostRanges) return undefined;
  const spans = ranges.map(pagesOf);
  if (spans.reduce((sum, [first, end]) => sum + end - first, 0) > mostPages) return undefined;
  const fd = openSync(`/proc/${pid}/pagemap`, "r");
  try {
    return spans.map((span) => countIn(fd, span));
  } finally {
    closeSync(fd);
  }
}

type Span = readonly [first: number, end: number];

function pagesOf(range: string): Span {
  const [first = 0, end = 0] = range.split("-").map((address) => Number.parseInt(address, 16) / pageBytes());
  return [first, end];
}

function countIn(fd: number, [first, end]: Span): number {
  let count = 0;
  for (let page = first; page < end; page += chunkEntries) {
    const bytes = Math.min(chunkEntries, end - page) * entryBytes;
    const read = readSync(fd, buffer, 0, bytes, page * entryBytes);
    for (let at = 0; at + entryBytes <= read; at += entryBytes) {
      const upper = buffer.readUInt32LE(at + 4);
      if ((upper & presentOrSwapped) !== 0 && (upper & ofFile) === 0) count += 1;
    }
    if (read < bytes) break;
  }
  return count;
}

const buffer = Buffer.alloc(chunkEntries * entryBytes);
let known: number | undefined;

function pageBytes(): number {
  known ??= Number(bind("libc.so.6", "long sysconf(int name)")(_SC_PAGESIZE));
  return known;
}
