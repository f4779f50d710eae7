/** GNU tar: exported images are one archive of a few files. See tar(1). */

export interface Archive {
  readonly file: string;
  readonly directory: string;
  readonly members: readonly string[];
}

function compression(file: string): readonly string[] {
  return file.endsWith(".zst") ? ["--zstd"] : [];
}

/** The same bytes for the same files. */
export function tarCreateArguments({ file, directory, members }: Archive): readonly string[] {
  const plain = [
    "--format=pax",
    "--pax-option=delete=atime,delete=ctime",
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=0644",
  ];
  return ["--create", "--force-local", `--file=${file}`, ...compression(file), ...plain, `--directory=${directory}`, "--", ...members];
}

/** The members' names, one a line. */
export function tarListArguments(file: string): readonly string[] {
  return ["--list", "--force-local", `--file=${file}`, ...compression(file)];
}

/**
 * Takes the named members and no others out of an archive by a stranger, into an empty directory.
 * What they are must be looked at afterwards: a member may be a link.
 */
export function tarExtractArguments({ file, directory, members }: Archive): readonly string[] {
  const careful = ["--no-same-owner", "--no-same-permissions", "--keep-old-files", "--no-wildcards", "--no-recursion", "--force-local"];
  return ["--extract", `--file=${file}`, ...compression(file), ...careful, `--directory=${directory}`, "--", ...members];
}

/** A program that may not write any file beyond this size. See prlimit(1). */
export function limitFileSize(bytes: number, command: readonly string[]): readonly string[] {
  return [`--fsize=${bytes}`, "--", ...command];
}
