/** How a terminal request lies in a URL. Apart from its schema, which the command line need not load. */
import type { TerminalRequestInput } from "./terminal-request.ts";

export const terminalProtocol = "isc-terminal";
const route = "/v1/terminal";

export function renderTerminalPath(request: TerminalRequestInput): string {
  const text = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(request)));
  return `${route}?request=${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** The JSON that `renderTerminalPath` put there, not yet checked; undefined when the path asks for no terminal. */
export function parseTerminalPath(path: string): unknown {
  const encoded = /^\/v1\/terminal\?request=([\w-]+)$/.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const text = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
