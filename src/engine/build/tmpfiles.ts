/** Directories that packages want to be made at each boot (tmpfiles.d(5)). Pure. */

export interface TmpfilesDirectory {
  readonly path: string;
  readonly mode: number;
  readonly user: string;
  readonly group: string;
}

/** systemd's own describe a whole machine, not a service. */
const ofMachine =
  /^(?:systemd.*|debian|home|journal-nocow|legacy|provision|static-nodes.*|tmp|var|x11|dbus|passwd|etc|20-systemd.*|credstore|portables)\.conf$/;

export function isServiceTmpfiles(name: string): boolean {
  return name.endsWith(".conf") && !ofMachine.test(name);
}

/** Lines such as "d /run/postgresql 2775 postgres postgres - -". Those with specifiers, and of other types, are left out. */
export function parseTmpfiles(text: string): readonly TmpfilesDirectory[] {
  return text.split("\n").flatMap((line) => {
    const [type = "", path = "", mode = "-", user = "-", group = "-"] = line.trim().split(/\s+/);
    if (!/^[dDvqQ][!+=~^-]*$/.test(type) || !path.startsWith("/") || /[%"'\\*?]/.test(path)) return [];
    const bits = mode.replace(/^[~:]+/, "");
    return [
      {
        path,
        mode: /^[0-7]{3,4}$/.test(bits) ? Number.parseInt(bits, 8) : 0o755,
        user: user === "-" ? "root" : user,
        group: group === "-" ? "root" : group,
      },
    ];
  });
}
