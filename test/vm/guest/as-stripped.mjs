// Loaded before all else in the virtual machine: its .ts files had their types taken out on the host, because that takes an emulated
// processor minutes. Node would do it again, and look around the disk for what each import means.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** A file named by a module of the same package is a module too. */
const isPlain = (specifier, { parentURL, conditions }) =>
  parentURL !== undefined && conditions.includes("import") && /^\.\.?\/.*\.(ts|js)$/.test(specifier);

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier.startsWith("node:")) return { url: specifier, format: "builtin", shortCircuit: true };
    if (!isPlain(specifier, context)) return nextResolve(specifier, context);
    return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
  },
  load(url, context, nextLoad) {
    if (!url.endsWith(".ts") && (context.format !== "module" || !url.startsWith("file:"))) return nextLoad(url, context);
    return { format: "module", source: readFileSync(new URL(url), "utf8"), shortCircuit: true };
  },
});
