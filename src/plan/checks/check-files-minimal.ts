/** files.minimal: no package manager, no setuid or setgid files, no devices, nothing that everybody may write, in the image. */
import { type Answer, fail, judge, listed, pass, skip } from "./answer.ts";
import type { ImageFileSummary, IscFacts } from "./facts.ts";

export function checkFilesMinimal({ image }: IscFacts): Answer {
  const { files, manifest } = image;
  if ("broken" in files) return fail(files.broken);
  if ("unseen" in files) return skip(files.unseen);
  const complaints = complaintsOf(files.seen);
  const count = `${files.seen.files.size} files in files.jsonl`;
  if ("seen" in manifest && !manifest.seen.slim) {
    const seen = complaints.length === 0 ? "nothing of the kind found" : complaints.join("; ");
    return pass(`${count}: slim off is a declared exception, ${seen}`);
  }
  return judge(complaints, () => pass(`${count}: no package manager, no setuid or setgid file, no device, nothing writable for everybody`));
}

function complaintsOf({ setId, worldWritable, packageManagers, odd }: ImageFileSummary): readonly string[] {
  return [
    { paths: packageManagers, what: "package manager" },
    { paths: setId, what: "setuid or setgid" },
    { paths: worldWritable, what: "writable for everybody" },
    { paths: odd, what: "neither file, directory nor symlink" },
  ].flatMap(({ paths, what }) => (paths.length === 0 ? [] : [`files.jsonl: ${what}: ${listed(paths)}`]));
}
