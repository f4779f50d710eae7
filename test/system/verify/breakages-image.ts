/** The sealed image and what is mounted, broken. */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Breakage } from "./breakage.ts";
import type { Victim } from "./victim.ts";

const safeFlags = "nosuid,nodev,noexec";

export const imageBreakages: readonly Breakage[] = [
  {
    title: "one byte of the image file changed",
    row: "root.sealed",
    act: (victim) => {
      const file = victim.layout.image.erofs(victim.record.image);
      // The end of the image is the padding of its last block or the data of a file that nobody reads now.
      const offset = statSync(file).size - 1;
      victim.flipByte(file, offset);
      return () => victim.flipByte(file, offset);
    },
  },
  {
    title: "a read-only mount over a part of the sealed root",
    row: "root.sealed",
    act: (victim) => mounting(victim, "/opt", "-t", "tmpfs", "-o", `ro,${safeFlags}`, "cover"),
  },
  {
    title: "the image's signature gone",
    row: "root.signed",
    act: (victim) => moving(victim.layout.image.provenance(victim.record.image)),
  },
  {
    title: "an image that only a stranger has signed",
    row: "root.signed",
    act: ({ layout }) => {
      const repairs = readdirSync(layout.trustedKeys).map((key) => moving(`${layout.trustedKeys}/${key}`));
      return () => {
        for (const repair of repairs) repair();
      };
    },
  },
  {
    title: "a list of files that is not the sealed one",
    row: "files.minimal",
    act: (victim) => {
      const file = victim.layout.image.files(victim.record.image);
      const before = readFileSync(file, "utf8");
      writeFileSync(file, `${before}{"path":"/usr/bin/escalate","kind":"file","mode":2541,"uid":0,"gid":0}\n`);
      return () => writeFileSync(file, before);
    },
  },
  {
    title: "programs that can be run from a writable place",
    row: "write.noexec",
    act: (victim) => remounting(victim, "/tmp", "exec"),
  },
  {
    title: "a writable place that heeds setuid bits",
    row: "write.noexec",
    act: (victim) => remounting(victim, "/run", "suid"),
  },
  {
    title: "another writable place",
    row: "write.declared",
    act: (victim) => mounting(victim, "/opt", "-t", "tmpfs", "-o", safeFlags, "extra"),
  },
  {
    title: "a declared place that is gone",
    row: "write.declared",
    act: (victim) => {
      victim.unmount("/var/tmp");
      return () => victim.reset();
    },
  },
  {
    title: "a masked file of the kernel uncovered",
    row: "kernel.masked",
    act: (victim) => {
      victim.unmount("/proc/interrupts");
      return () => victim.reset();
    },
  },
  {
    title: "kernel settings made writable",
    row: "kernel.masked",
    act: (victim) => {
      victim.mount("-o", `remount,bind,rw,${safeFlags}`, "/proc/sys");
      return () => victim.mount("-o", `remount,bind,ro,${safeFlags}`, "/proc/sys");
    },
  },
];

function mounting(victim: Victim, place: string, ...words: readonly string[]): () => void {
  victim.mount(...words, place);
  return () => victim.unmount(place);
}

function remounting(victim: Victim, place: string, flag: "exec" | "suid"): () => void {
  const others = safeFlags.split(",").filter((word) => word !== `no${flag}`);
  victim.mount("-o", ["remount", "bind", "rw", ...others, flag].join(","), place);
  return () => victim.mount("-o", `remount,bind,rw,${safeFlags}`, place);
}

function moving(file: string): () => void {
  renameSync(file, `${file}.away`);
  return () => renameSync(`${file}.away`, file);
}
