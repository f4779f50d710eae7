/** The streams of a command, which may be a terminal. */

type Terminal = { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
export type OutputStream = NodeJS.WritableStream & Terminal;
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
