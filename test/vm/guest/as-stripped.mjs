// Loaded before all else in the virtual machine: its .ts files had their types taken out on the host, because that takes an emulated
// processor minutes. Node would do it again, and look around the disk for what each import means.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const isOurs = (specifier) => specifier.startsWith(".") && specifier.endsWith(".ts");

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!isOurs(specifier) || context.parentURL === undefined) return nextResolve(specifier, context);
    return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
  },
  load(url, context, nextLoad) {
    if (!url.endsWith(".ts")) return nextLoad(url, context);
    return { format: "module", source: readFileSync(new URL(url), "utf8"), shortCircuit: true };
  },
});
