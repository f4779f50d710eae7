/** Renders packaging/completions/iscadm.bash: verbs, options, and the names that the dock knows. */
import { commandGroups } from "../command-list.ts";
import { globalOptions } from "../program.ts";
import type { CommandPage } from "./command-pages.ts";

/** What to offer for an argument, by its name in the usage. --no-start: looking for names must not start a daemon. */
const sources = {
  name: "$(iscadm ls --quiet --no-start 2>/dev/null)",
  image: '$(iscadm image ls --json --no-start 2>/dev/null | sed -n \'s/^ *"name": "\\(.*\\)",$/\\1/p\')',
  snapshot: "$(iscadm snapshots --quiet --no-start 2>/dev/null)",
  stack: "$(iscadm stacks --quiet --no-start 2>/dev/null)",
} as const;

export function renderBashCompletion(pages: readonly CommandPage[]): string {
  const groups = commandGroups.map(({ name }) => name as string);
  const verbs = [...new Set([...pages.map(({ name }) => name.split(" ")[0] ?? ""), ...groups, "help"])];
  const cases = pages.map((page) => `    "${page.name}") ${renderCase(page)} ;;`);
  return `# Bash completion of iscadm. Made by scripts/write-cli-reference.ts.

_iscadm() {
  local current=\${COMP_WORDS[COMP_CWORD]} verb='' options='' words='' files='' word
  local -a path=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path+=("$word")
  done
  verb=\${path[0]-}
  case $verb in ${groups.join(" | ")}) [[ \${#path[@]} -gt 1 ]] && verb="$verb \${path[1]}" ;; esac
  case $verb in
    '') words="${verbs.join(" ")}" ;;
${groups.map((group) => `    ${group}) words="${subverbsOf(group, pages)}" ;;`).join("\n")}
    help) words="${verbs.filter((verb) => verb !== "help").join(" ")}" ;;
${cases.join("\n")}
  esac
  if [[ $current == -* ]]; then
    words="$options ${globalOptions.flatMap(({ flags }) => flagsOf(flags)).join(" ")} --help"
    files=''
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files ]]; then
    compopt -o filenames
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}

# Names such as db@before-upgrade are one word.
COMP_WORDBREAKS=\${COMP_WORDBREAKS//@/}
complete -F _iscadm iscadm
`;
}

function renderCase({ usage, command }: CommandPage): string {
  const options = (command.options ?? []).flatMap(({ flags }) => flagsOf(flags));
  const hasFiles = usage.includes("file");
  const wanted = [
    /<(?:name|source)[>.]|\[name/.test(usage) ? sources.name : "",
    usage.includes("image") ? sources.image : "",
    usage.includes("@snapshot") ? sources.snapshot : "",
    usage.includes("stack") ? sources.stack : "",
  ].filter((source) => source !== "");
  const parts = [
    `options="${options.join(" ")}"`,
    ...(wanted.length === 0 ? [] : [`words="${wanted.join(" ")}"`]),
    ...(hasFiles ? ["files=yes"] : []),
  ];
  return parts.join("; ");
}

function flagsOf(flags: string): string[] {
  return flags.split(", ").map((flag) => flag.split(" ")[0] ?? "");
}

function subverbsOf(group: string, pages: readonly CommandPage[]): string {
  return pages
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name }) => name.slice(group.length + 1))
    .join(" ");
}
