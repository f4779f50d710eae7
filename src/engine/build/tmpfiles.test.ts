import assert from "node:assert/strict";
import { test } from "node:test";
import { isServiceTmpfiles, parseTmpfiles } from "./tmpfiles.ts";

test("directories are read with mode and owner, other lines are left out", () => {
  const text =
    "# comment\nd /run/postgresql 2775 postgres postgres - -\nD! /run/x - - - -\nf /run/file 0644 root root - x\nd /run/%i 0755\nL /var/log/y - - - - z\nd relative\n";
  assert.deepEqual(parseTmpfiles(text), [
    { path: "/run/postgresql", mode: 0o2775, user: "postgres", group: "postgres" },
    { path: "/run/x", mode: 0o755, user: "root", group: "root" },
  ]);
});

test("systemd's own files for whole machines do not count", () => {
  assert.ok(!isServiceTmpfiles("systemd-nologin.conf"));
  assert.ok(!isServiceTmpfiles("x11.conf"));
  assert.ok(!isServiceTmpfiles("README"));
  assert.ok(isServiceTmpfiles("postgresql-common.conf"));
});
