import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters, styleText } from "node:util";
import fc from "fast-check";
import { renderTable, textWidth } from "./table.ts";

const green = (text: string) => styleText("green", text, { validateStream: false });

test("columns are as wide as their widest cell, numbers stand to the right", () => {
  const table = renderTable(
    [{ header: "NAME" }, { header: "MEMORY", align: "right" }, { header: "STATE" }],
    [
      ["web", "61.3 MiB", "running"],
      ["database", "8 MiB", "stopped"],
    ],
  );
  assert.equal(table, ["NAME        MEMORY  STATE", "web       61.3 MiB  running", "database     8 MiB  stopped"].join("\n"));
});

test("colours do not shift columns", () => {
  const columns = [{ header: "STATE" }, { header: "NAME" }];
  const rows = (paint: (text: string) => string) => [
    [paint("running"), "web"],
    [paint("ok"), "db"],
  ];
  assert.equal(stripVTControlCharacters(renderTable(columns, rows(green))), renderTable(columns, rows(String)));
});

test("a missing cell is an empty one, and no line ends in spaces", () => {
  assert.equal(renderTable([{ header: "A" }, { header: "B" }], [["x"], ["", "y"]]), "A  B\nx\n   y");
});

test("a table without rows is its header", () => {
  assert.equal(renderTable([{ header: "NAME" }, { header: "STATE" }], []), "NAME  STATE");
});

test("wide letters and joined letters count as a terminal draws them", () => {
  assert.equal(textWidth("日本"), 4);
  assert.equal(textWidth("e\u0301"), 1);
  assert.equal(textWidth(green("ok")), 2);
});

test("every line starts the second column at the same place", () => {
  const cell = fc.stringMatching(/^[a-z]{0,9}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.constant("|"))), (rows) => {
      const places = renderTable([{ header: "HEAD" }, { header: "|" }], rows)
        .split("\n")
        .map((line) => line.indexOf("|"));
      assert.equal(new Set(places).size, 1);
    }),
  );
});
