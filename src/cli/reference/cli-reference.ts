/** Renders docs/reference/cli.md. */
import type { CommandOption } from "../command.ts";
import { headings } from "../command-list.ts";
import { globalOptions } from "../program.ts";
import type { CommandPage } from "./command-pages.ts";

const opening = `# The command line

<!-- Made by scripts/write-cli-reference.ts from src/cli/commands: change it there. -->

\`iscadm COMMAND\` asks the dock, the daemon that owns everything, and prints what it says. When root gives a command and no dock runs, it is
started first. \`iscadm help COMMAND\` prints what is written here.

## Exit codes

| code | means |
| --- | --- |
| 0 | well |
| 1 | a problem; the sentence says which, and [problems](problems.md) lists the codes in brackets |
| 2 | the command line is not understood |
| 3 | \`verify\` has found drift, \`diff\` something to change, \`network test\` a difference |
| 4 | no dock was reached |
| 130 | ended by Ctrl-C |

\`exec\` and \`console\` pass on the exit code of what they ran.

## JSON

With \`--json\`, standard output is for programs. Most commands print one document. Those which work for a while, or whose output streams, print
JSON lines: any number of \`{"progress": …}\` and \`{"data": …}\`, then one \`{"result": …}\`; with \`--quiet\` the progress is left out. What streams from
\`logs\` and \`exec\` is \`{"data": {"stream": "stdout", "bytes": "…"}}\`, the bytes as base64. A problem is \`{"problem": {"code", "message", "hint", "details"}}\`, also on
standard output, and the exit code is the same as without \`--json\`. Field names are stable.

## Environment

| variable | means |
| --- | --- |
| \`ISC_ROOT\` | where this machine's dock keeps its state; \`/var/lib/isc\` |
| \`ISC_RUN\` | where its socket and mounts are; \`/run/isc\` |
| \`ISC_NET\` | its addresses; \`10.201.0.0/16\` |
| \`ISC_DEFAULT_BLUEPRINT\` | what \`iscadm -c -i -n 2\` creates from; the nginx blueprint |
| \`NO_COLOR\` | set to anything: no colours |
`;

const aliasOf2009 = `## As in 2009

\`iscadm -c -i -n 2\` was how Sun's tool made its second container: \`-c\` creates, \`-i\` says that it is an ISC, \`-n\` gives its number. It still works, and is
\`iscadm create isc2\` with the default blueprint.
`;

export function renderCliReference(pages: readonly CommandPage[]): string {
  const sections = headings.map((heading) => {
    const own = pages.filter((page) => page.heading === heading);
    return [`## ${heading.replace(/:$/, "")}\n`, ...own.map(renderPage)].join("\n");
  });
  return [opening, `## Options of every command\n\n${renderOptions(globalOptions)}`, ...sections, aliasOf2009].join("\n");
}

function renderPage({ name, usage, summary, command }: CommandPage): string {
  const json = command.jsonLines === true ? "lines" : "one document";
  const options = command.options === undefined ? "" : `\n${renderOptions(command.options)}`;
  const examples = command.examples.map(({ line, does }) => `# ${does}\n${line}`).join("\n\n");
  return `### \`iscadm ${`${name} ${usage}`.trim()}\`

${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${command.description} (\`--json\`: ${json})
${options}
\`\`\`sh
${examples}
\`\`\`
`;
}

function renderOptions(options: readonly CommandOption[]): string {
  const rows = options.map(({ flags, description }) => `| \`${flags}\` | ${description.replaceAll("|", "\\|")} |`);
  return `| option | means |\n| --- | --- |\n${rows.join("\n")}\n`;
}
