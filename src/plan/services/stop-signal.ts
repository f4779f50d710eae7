/** Names of signals as units, OCI images and blueprints write them: "QUIT", "SIGQUIT", "3", "SIGRTMIN+3". */

/** signal(7), x86 and arm numbering. */
const names = ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM"] as const;
const more: Readonly<Record<number, string>> = { 17: "CHLD", 18: "CONT", 19: "STOP", 28: "WINCH", 29: "IO", 30: "PWR", 31: "SYS" };
const known = new Set<string>([...names, ...Object.values(more)]);

/** With the SIG in front; undefined when there is no such signal. */
export function parseSignal(text: string): string | undefined {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  const name = number === undefined ? text.toUpperCase().replace(/^SIG/, "") : (names[number - 1] ?? more[number]);
  return name !== undefined && (known.has(name) || /^RTM(?:IN\+|AX-)\d{1,2}$/.test(name)) ? `SIG${name}` : undefined;
}
