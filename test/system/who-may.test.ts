/** Who may ask the dock what: root everything, members of group isc to look, nobody else anything. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { operations } from "../../src/api/operations.ts";
import { TestDock } from "./support/dock.ts";

const nobody = "65534";

describe("who may do what", () => {
  let dock: TestDock;
  let madeGroup = false;

  const groupId = () => /^isc:[^:]*:(\d+):/m.exec(readFileSync("/etc/group", "utf8"))?.[1];

  before(async () => {
    if (groupId() === undefined) {
      assert.equal(spawnSync("groupadd", ["--system", "isc"]).status, 0);
      madeGroup = true;
    }
    dock = await TestDock.start();
  });

  after(async () => {
    await dock[Symbol.asyncDispose]();
    if (madeGroup) spawnSync("groupdel", ["isc"]);
  });

  const ask = (group: string, operation: string, input: string) => {
    const who = [`--reuid=${nobody}`, `--regid=${group}`, "--clear-groups"];
    const curl = ["curl", "-s", "--unix-socket", dock.layout.socket, "-d", "@-", `http://dock/v1/${operation}`];
    return spawnSync("setpriv", [...who, ...curl], { input, encoding: "utf8" });
  };

  test("a member of group isc may look", () => {
    for (const operation of ["list", "images", "snapshots", "verify", "dock-status"]) {
      assert.match(ask(groupId() ?? "", operation, "{}").stdout, /^\{"result":/, operation);
    }
  });

  test("a member of group isc may change nothing, whatever the input", () => {
    const changes = Object.entries(operations).flatMap(([name, { access }]) => (access === "change" ? [name] : []));
    assert.ok(changes.length > 10);
    for (const operation of changes) assert.match(ask(groupId() ?? "", operation, "{}").stdout, /"code":"NOT_ALLOWED"/, operation);
  });

  test("a terminal is a change, too", () => {
    const words = [
      "curl",
      "-s",
      "-i",
      "-m",
      "3",
      "--unix-socket",
      dock.layout.socket,
      "-H",
      "Connection: Upgrade",
      "-H",
      "Upgrade: isc-terminal",
    ];
    const { stdout } = spawnSync(
      "setpriv",
      [`--reuid=${nobody}`, `--regid=${groupId()}`, "--clear-groups", ...words, "http://dock/v1/terminal"],
      { encoding: "utf8" },
    );
    assert.match(stdout, /NOT_ALLOWED/);
  });

  test("somebody else does not even reach the socket", () => {
    const { stdout, status } = ask(nobody, "list", "{}");
    assert.equal(stdout, "");
    assert.equal(status, 7, "curl: could not connect");
  });
});
