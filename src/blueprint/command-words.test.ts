import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findCommandMistake, parseCommandWords } from "./command-words.ts";

const wordsOf = (text: string) => {
  const parsed = parseCommandWords(text);
  assert.ok("words" in parsed, JSON.stringify(parsed));
  return parsed.words;
};

test("words are parted by white space, and quotes hold them together", () => {
  assert.deepEqual(wordsOf("nginx -g 'daemon off;'"), ["nginx", "-g", "daemon off;"]);
  assert.deepEqual(wordsOf('  a  "b c"d\te\\ f \n'), ["a", "b cd", "e f"]);
  assert.deepEqual(wordsOf(`a "" '' "\\"x\\"" "\\n"`), ["a", "", "", '"x"', "\\n"]);
  assert.deepEqual(wordsOf("a '$HOME' \\$x \"\\$y\""), ["a", "$HOME", "$x", "$y"]);
  assert.deepEqual(wordsOf('python3 -c "import time; print(1 > 0 | 2)"'), ["python3", "-c", "import time; print(1 > 0 | 2)"]);
  assert.deepEqual(wordsOf(""), []);
});

test("what only a shell understands is refused outside of quotes", () => {
  for (const text of ["a > b", "a | b", "a && b", "a; b", "a $HOME", "a `b`", 'a "$b"', "a < b"]) {
    const parsed = parseCommandWords(text);
    assert.ok("mistake" in parsed && parsed.mistake.includes("no shell reads them"), text);
  }
});

test("an open quote is a mistake", () => {
  assert.deepEqual(parseCommandWords("a 'b"), { mistake: "expected a closing '" });
  assert.deepEqual(parseCommandWords('a "b'), { mistake: 'expected a closing "' });
  assert.deepEqual(parseCommandWords("a \\"), { mistake: "expected something after the last backslash" });
});

test("any words in single quotes come back as they were", () => {
  const word = fc.string().filter((text) => !text.includes("'"));
  fc.assert(fc.property(fc.array(word), (words) => assert.deepEqual(wordsOf(words.map((text) => `'${text}'`).join(" ")), words)));
});

test("a command begins with its program", () => {
  assert.equal(findCommandMistake(["/bin/sh", "-c", "a b"]), undefined);
  assert.equal(findCommandMistake([]), "expected a command");
  assert.equal(findCommandMistake([""]), "expected a command");
  assert.equal(findCommandMistake(["-x"]), "expected a program first, not the option -x");
  assert.equal(findCommandMistake(["nginx -g"]), "expected the program's name alone as the first word");
});
