/** /proc/net/tcp and /proc/net/udp as text: which ports are waiting for somebody; proc(5), Documentation/networking/proc_net_tcp.rst. */

/** State column: TCP_LISTEN, and for udp TCP_CLOSE, which means a bound socket without a peer. */
const waiting = { tcp: "0A", udp: "07" } as const;

export function parseListeners(text: string, protocol: "tcp" | "udp"): readonly number[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      const port = local?.split(":")[1];
      return port !== undefined && state === waiting[protocol] ? [Number.parseInt(port, 16)] : [];
    });
}
