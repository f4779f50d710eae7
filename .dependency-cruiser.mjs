// Which folder may import which, and where each library is at home. See ARCHITECTURE.md.

const mayImport = {
  base: [],
  model: ["base"],
  blueprint: ["base", "model"],
  render: ["base", "model"],
  plan: ["base", "model"],
  host: ["base"],
  tools: ["base", "host"],
  store: ["base", "model", "host"],
  engine: ["base", "model", "render", "plan", "host", "tools", "store"],
  api: ["base", "model"],
  dock: ["base", "model", "blueprint", "host", "store", "engine", "api"],
  cli: ["base", "model", "blueprint", "api"],
  web: ["base", "model", "api"],
};

// A second importer of a library is a design decision, not an accident. main joins everything and is free.
const livesIn = {
  zod: ["model", "blueprint", "tools", "store", "api", "dock"],
  yaml: ["blueprint"],
  execa: ["host"],
  koffi: ["host"],
  "dns-packet": ["host"],
  pino: ["dock"],
  commander: ["cli"],
  yoctocolors: ["cli"],
};

const pureNodeModules = "^(node:)?(assert|assert/strict|crypto|path|util)$";

const pathOf = (folder) => (folder === "web" ? "^web/" : `^src/${folder}/`);
const pathsOf = (folders) => folders.map(pathOf);
// Fakes are part of the tests; that they stay there is a rule of its own.
const testFiles = "([.]test|/fake-[^/]+)[.]ts$";
const productCode = (path, ...except) => ({ path, pathNot: [testFiles, ...except] });

const folderRules = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder} may import only ${allowed.join(", ") || "nothing"}`,
  severity: "error",
  from: productCode(pathOf(folder)),
  to: { path: "^(src|web|test|scripts)/", pathNot: pathsOf([folder, ...allowed]) },
}));

const libraryRules = Object.entries(livesIn).map(([library, homes]) => ({
  name: `${library} lives in ${homes.join(", ")}`,
  severity: "error",
  from: productCode("^(src|web)/", pathOf("main"), ...pathsOf(homes)),
  to: { path: `node_modules/${library}/` },
}));

export default {
  forbidden: [
    { name: "no cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "every import leads to a file", severity: "error", from: {}, to: { couldNotResolve: true } },
    { name: "every folder of src has its row in the table", severity: "error", from: {}, to: { path: unknownFolder() } },
    {
      name: "fakes stay in tests",
      severity: "error",
      from: productCode("^(src|web)/", "/fake-[^/]+[.]ts$"),
      to: { path: "/fake-[^/]+[.]ts$" },
    },
    {
      name: "libraries for development stay out of what ships",
      severity: "error",
      from: productCode("^(src|web)/"),
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only host, store, api, dock, cli and main touch the machine",
      severity: "error",
      from: productCode("^(web|src/(base|model|blueprint|render|plan|tools|engine))/"),
      to: { dependencyTypes: ["core"], pathNot: pureNodeModules },
    },
    {
      name: "in api only node-client touches the machine",
      severity: "error",
      from: productCode(pathOf("api"), "/node-client[.]ts$"),
      to: { dependencyTypes: ["core"], pathNot: pureNodeModules },
    },
    ...folderRules,
    ...libraryRules,
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.json" }, doNotFollow: { path: "node_modules" } },
};

/** A file of src that is in none of the table's folders would escape every rule above. */
function unknownFolder() {
  return `^src/(?!(${[...Object.keys(mayImport), "main"].join("|")})/)`;
}
