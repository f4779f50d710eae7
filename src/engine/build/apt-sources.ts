/** The machine's own apt sources, bent to the suite that a blueprint asks for. Pure. See sources.list(5). */

/** Fields of one deb822 stanza by lower-case name; continuation lines keep their newlines. */
type Stanza = ReadonlyMap<string, string>;

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** One-line options and the deb822 fields they stand for. */
const optionFields: Readonly<Record<string, string>> = {
  arch: "architectures",
  "signed-by": "signed-by",
  trusted: "trusted",
  "check-valid-until": "check-valid-until",
  "allow-insecure": "allow-insecure",
};

/** Suites without updates and security archives of their own. */
const rolling = new Set(["sid", "unstable", "experimental"]);
const keptFields = ["uris", "suites", "components", "signed-by", "trusted", "check-valid-until", "allow-insecure"];

/**
 * deb822 text with every source of binary packages that has the wanted suite, or the machine's own suite, which then is replaced.
 * Sources of strangers stay only where the suites are the same. "" when nothing fits.
 * @param machineSuite VERSION_CODENAME of os-release
 */
export function adaptAptSources(files: readonly SourceFile[], machineSuite: string, suite: string): string {
  const stanzas = files.flatMap(({ name, text }) => (name.endsWith(".sources") ? parseStanzas(text) : parseLines(text)));
  const usable = stanzas.filter((stanza) => words(stanza, "types").includes("deb") && stanza.get("enabled")?.toLowerCase() !== "no");
  return usable
    .map((stanza) => ({ stanza, suites: adaptSuites(words(stanza, "suites"), machineSuite, suite) }))
    .filter(({ suites }) => suites.length > 0)
    .map(({ stanza, suites }) => renderStanza(new Map([...stanza, ["suites", suites.join(" ")]])))
    .join("\n");
}

function adaptSuites(suites: readonly string[], machineSuite: string, suite: string): readonly string[] {
  if (suite === machineSuite) return suites;
  const parts = suites.map((name) => /^([^-/]+)((?:-[a-z-]+|\/updates)?)$/.exec(name));
  return parts.flatMap((match) => {
    const [, base, pocket = ""] = match ?? [];
    if (base !== machineSuite && base !== suite) return [];
    return rolling.has(suite) && pocket !== "" ? [] : [`${suite}${pocket}`];
  });
}

function parseStanzas(text: string): readonly Stanza[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .split(/\n\s*\n/)
    .map(parseStanza)
    .filter((stanza) => stanza.size > 0);
}

function parseStanza(text: string): Stanza {
  const fields = text.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t]+.*)*)/gm);
  return new Map([...fields].map(([, name = "", value = ""]) => [name.toLowerCase(), value.trimEnd()]));
}

function parseLines(text: string): readonly Stanza[] {
  const matches = text.matchAll(/^[ \t]*(deb|deb-src)[ \t]+(?:\[([^\]]*)\][ \t]*)?(\S+)[ \t]+(\S+)[ \t]*([^#\n]*)/gm);
  return [...matches].map(([, type = "", options = "", uri = "", suite = "", components = ""]) => {
    const pairs = options.split(/\s+/).flatMap((option) => {
      const [key = "", ...value] = option.split("=");
      const field = optionFields[key.toLowerCase()];
      return field === undefined ? [] : ([[field, value.join("=")]] as const);
    });
    return new Map([["types", type], ["uris", uri], ["suites", suite], ["components", components.trim()], ...pairs]);
  });
}

function words(stanza: Stanza, field: string): readonly string[] {
  return (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
}

function renderStanza(stanza: Stanza): string {
  const lines = keptFields.flatMap((field) => {
    const value = stanza.get(field);
    return value === undefined || value === "" ? [] : [`${field}: ${value}`];
  });
  return ["types: deb", ...lines, ""].join("\n");
}
