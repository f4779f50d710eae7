import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { translateArguments } from "./translate-arguments.ts";

const valueFlags = new Set(["-u", "--user", "-e", "--dock"]);
const translate = (line: string) => translateArguments(line.split(" "), "/nginx.yaml", valueFlags).join(" ");

test("Sun's words of 2009 create the numbered ISC from the default blueprint", () => {
  for (const line of ["-c -i -n 2", "-i -c -n 2", "-ci -n 2", "-c -i -n2", "-cin2", "-n 2 -c -i"]) {
    assert.equal(translate(line), "create isc2 /nginx.yaml", line);
  }
  assert.equal(translate("-c -i -n 12 --json"), "create isc12 /nginx.yaml --json");
});

test("other words are not taken for those of 2009", () => {
  for (const line of ["-c -i", "-c -n 2", "-c -i -n two", "-c -i -n 2 -x", "create -i -c n2", "cin2"]) assert.equal(translate(line), line);
});

test("help of a command is the command's --help", () => {
  assert.equal(translate("help"), "--help");
  assert.equal(translate("help image ls"), "image ls --help");
});

test("exec's own options end where its command begins", () => {
  assert.equal(translate("exec web ls -l"), "exec web -- ls -l");
  assert.equal(translate("exec -it -u root web sh -c x"), "exec -it -u root web -- sh -c x");
  assert.equal(translate("--dock /d exec web -e A=b -iu root env -i"), "--dock /d exec web -e A=b -iu root -- env -i");
  assert.equal(translate("exec web -- ls -- -l"), "exec web -- ls -- -l");
  assert.equal(translate("exec web"), "exec web");
  assert.equal(translate("logs exec web x"), "logs exec web x");
});

test("at most one -- is put in, and nothing else is changed in an exec", () => {
  const words = fc.array(fc.constantFrom("exec", "web", "ls", "-l", "-u", "--", "-it", "--json", ""), { maxLength: 8 });
  fc.assert(
    fc.property(words, (given) => {
      const line = ["exec", ...given];
      const translated = translateArguments(line, "/nginx.yaml", valueFlags);
      if (translated.length === line.length) assert.deepEqual(translated, line);
      else assert.deepEqual(translated.toSpliced(translated.indexOf("--"), 1), line);
    }),
  );
});
