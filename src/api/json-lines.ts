/** JSON lines, as a dock answers them: one object on each line. */

/** Each line's object, as soon as its line end has come. Throws SyntaxError at what is no JSON object. */
export async function* readJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield* parseLine(pending.join("") + piece);
      pending = [];
    }
    pending.push(last);
  }
  yield* parseLine(pending.join("") + decoder.decode());
}

function parseLine(line: string): Readonly<Record<string, unknown>>[] {
  if (line.trim() === "") return [];
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new SyntaxError(`no JSON object: ${line.slice(0, 80)}`);
  return [value as Readonly<Record<string, unknown>>]; // Any object may be read by key.
}
