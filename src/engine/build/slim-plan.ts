/** What an image does without: the package manager, its databases, documentation, caches. Pure. */
import type { TreeEntry } from "../../host/tree-hash.ts";
import type { Package } from "../../model/image.ts";

/** Whether all files of a package go: with no package to install they have no work. */
export function isDispensable(pkg: Pick<Package, "name">): boolean {
  return dispensable.test(pkg.name);
}

const dispensable =
  /^(?:apt|apt-utils|libapt-pkg[0-9.]+(?:t64)?|dpkg|debconf|debconf-i18n|cdebconf|debian-archive-keyring|gpgv|sqv|usrmerge|usr-is-merged|init-system-helpers|ucf)$/;

/** What scripts of services do use, though it belongs to one of those; and the links of the merged /usr, which they list as directories. */
const kept = new Set(["/usr/sbin/start-stop-daemon", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]);

const trees = [
  "/etc/apt",
  "/etc/dpkg",
  "/etc/cron.daily/dpkg",
  "/etc/cron.daily/apt-compat",
  "/etc/logrotate.d",
  "/usr/lib/apt",
  "/usr/lib/dpkg",
  "/usr/share/bash-completion",
  "/usr/share/bug",
  "/usr/share/debconf",
  "/usr/share/doc-base",
  "/usr/share/dpkg",
  "/usr/share/fish",
  "/usr/share/gtk-doc",
  "/usr/share/info",
  "/usr/share/linda",
  "/usr/share/lintian",
  "/usr/share/locale",
  "/usr/share/man",
  "/usr/share/menu",
  "/usr/share/pixmaps",
  "/usr/share/zsh",
  "/var/backups",
  "/var/cache/apt",
  "/var/cache/debconf",
  "/var/cache/man",
  "/var/lib/apt",
  "/var/lib/dpkg",
  "/var/lib/ucf",
  "/var/log/apt",
  "/var/lib/systemd/deb-systemd-helper-enabled",
  "/var/lib/systemd/deb-systemd-user-helper-enabled",
];

/** Licences must travel with what they license (Debian Policy 12.5). */
const copyright = /^\/usr\/share\/doc\/[^/]+\/(?:copyright|NOTICE[^/]*|LICEN[CS]E[^/]*)$/;

/** @param entries the tree, parents first; @param listed paths of files that each installed package brought, by its name */
export function planSlimming(
  entries: readonly TreeEntry[],
  packages: readonly Package[],
  listed: (pkg: Package) => readonly string[],
): readonly string[] {
  const owned = ownedFiles(packages.filter(isDispensable).flatMap((pkg) => listed(pkg).map(resolveUsr)));
  const gone = new Set(trees);
  const removed: string[] = [];
  for (const { path, kind } of entries) {
    if (kept.has(path) || path.startsWith(`${removed.at(-1)}/`)) continue;
    const isDocument = kind !== "directory" && path.startsWith("/usr/share/doc/") && !copyright.test(path);
    if (gone.has(path) || isDocument || (kind !== "directory" && owned.has(path))) removed.push(path);
  }
  return removed;
}

/** dpkg also lists the directories, some of which are symlinks in the tree (/lib, /sbin): what something else lies in stays. */
function ownedFiles(paths: readonly string[]): ReadonlySet<string> {
  const parents = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  return new Set(paths.filter((path) => !parents.has(path) && path.lastIndexOf("/") > 0));
}

/** Packages of before the merge of / and /usr still list /bin/x, which the tree holds as /usr/bin/x. */
function resolveUsr(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib32|lib64|libx32)(?=\/)/, "/usr/$1");
}
