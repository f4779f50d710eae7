/** How a process ended, from the number conmon writes down: as in a shell, 128 and more means that a signal ended it. */

/** signal(7), those that end a service. The numbers are those of x86_64 and arm64. */
const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

export function findExitSignal(exitCode: number): string | undefined {
  return exitCode > 128 && exitCode < 193 ? (signalNames[exitCode - 128] ?? `signal ${exitCode - 128}`) : undefined;
}

export function describeExit(exitCode: number | undefined): string {
  if (exitCode === undefined) return "its process ended";
  const signal = findExitSignal(exitCode);
  return signal === undefined ? `its process ended with ${exitCode}` : `its process was ended by ${signal}`;
}
