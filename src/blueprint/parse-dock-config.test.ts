import assert from "node:assert/strict";
import { test } from "node:test";
import { isProblem } from "../base/problem.ts";
import { parseDockConfig, usualDockConfig } from "./parse-dock-config.ts";

const detailsOf = (text: string) => {
  try {
    parseDockConfig(text, "dock.yaml");
  } catch (error) {
    if (isProblem(error) && error.code === "CONFIG_INVALID") return error.details;
    throw error;
  }
  return [];
};

test("without a word everything has its default", () => {
  assert.deepEqual(usualDockConfig, {
    ledger: { keepMs: 365 * 86_400_000, sizeBytes: 4 * 1024 ** 3, forward: [] },
    integrity: { probeEveryMs: 5_000, rehashEveryMs: 6 * 3_600_000 },
    incidents: { keep: 50, sizeBytes: 1024 ** 3 },
    respond: { rules: [] },
    notify: [],
    audit: "full",
    firewall: { restore: true },
  });
});

test("audit has two levels", () => {
  assert.equal(parseDockConfig("dock: 1\naudit: light\n", "dock.yaml").audit, "light");
  assert.match(detailsOf("dock: 1\naudit: off\n")[0] ?? "", /^dock\.yaml:2:8: audit: found .*off.*, expected full or light$/);
});

test("the firewall may be left as somebody else has made it", () => {
  assert.equal(parseDockConfig("dock: 1\nfirewall: { restore: false }\n", "dock.yaml").firewall.restore, false);
  assert.match(
    detailsOf("dock: 1\nfirewall: { restore: maybe }\n")[0] ?? "",
    /^dock\.yaml:2:\d+: firewall\.restore: .*expected true or false/,
  );
});

test("events are forwarded by every way", () => {
  const text = `dock: 1
ledger:
  forward:
    - { syslog: "udp://10.0.0.9:514", severity: warning }
    - { syslog: "tcp://[2001:db8::1]:601" }
    - { json: "unix:/run/collector.sock" }
    - { json: "file:/var/log/isc.jsonl" }
`;
  assert.deepEqual(
    parseDockConfig(text, "dock.yaml").ledger.forward.map(({ format, target, severity }) => [format, target, severity]),
    [
      ["syslog", { kind: "udp", host: "10.0.0.9", port: 514 }, "warning"],
      ["syslog", { kind: "tcp", host: "2001:db8::1", port: 601 }, "info"],
      ["json", { kind: "unix", path: "/run/collector.sock" }, "info"],
      ["json", { kind: "file", path: "/var/log/isc.jsonl" }, "info"],
    ],
  );
});

test("each mistake is one sentence with its place", () => {
  assert.deepEqual(detailsOf("dock: 2\nledgr: {}\n"), [
    "dock.yaml:1:7: dock: found 2, expected 1, the version of this format",
    'dock.yaml:2:1: ledgr: unknown key, did you mean "ledger"?',
  ]);
  assert.match(
    detailsOf('dock: 1\nledger: { forward: [{ json: "/var/log/x" }] }\n')[0] ?? "",
    /^dock\.yaml:2:\d+: ledger\.forward\.0\.json: found .*expected where to/,
  );
  assert.match(detailsOf('dock: 1\nledger: { forward: [{ json: "file:/var/../etc/x" }] }\n')[0] ?? "", /expected where to/);
  assert.match(detailsOf("dock: 1\nledger: { forward: [{ severity: info }] }\n")[0] ?? "", /expected exactly one of syslog or json/);
});
