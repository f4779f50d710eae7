/** Writes what is made from the commands' own words: docs/reference/cli.md and the bash completion. src/cli/reference has the test that they are fresh. */
import { writeFileSync } from "node:fs";
import { renderBashCompletion } from "../src/cli/reference/bash-completion.ts";
import { renderCliReference } from "../src/cli/reference/cli-reference.ts";
import { readCommandPages } from "../src/cli/reference/command-pages.ts";

const pages = await readCommandPages();
const root = new URL("../", import.meta.url);
writeFileSync(new URL("docs/reference/cli.md", root), renderCliReference(pages));
writeFileSync(new URL("packaging/completions/iscadm.bash", root), renderBashCompletion(pages));
