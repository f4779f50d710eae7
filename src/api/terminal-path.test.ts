import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTerminalPath, renderTerminalPath } from "./terminal-path.ts";
import { TerminalRequest } from "./terminal-request.ts";

test("a request comes back from its path, whatever letters the command has", () => {
  const requests = fc.record(
    { name: fc.constant("web"), command: fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), tty: fc.boolean() },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(requests, (request) => {
      assert.deepEqual(TerminalRequest.parse(parseTerminalPath(renderTerminalPath(request))), request);
    }),
  );
});

test("another path, or one with a broken request, is no terminal request", () => {
  for (const path of ["/v1/exec", "/v1/terminal", "/v1/terminal?request=e30!", "/v1/terminal?request=AAAA"]) {
    assert.equal(parseTerminalPath(path), undefined);
  }
});
