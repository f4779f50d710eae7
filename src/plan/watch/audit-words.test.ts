import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../model/digest.ts";
import { EventDraft } from "../../model/event.ts";
import type { Name } from "../../model/name.ts";
import { type AuditFact, describeAudit, describeDropped, type ExpectedSession } from "./audit-words.ts";

const owner = { isc: "web" as Name, image: `sha256:${"ab".repeat(32)}` as Digest, uidBase: 1_000_000 };
const ran: AuditFact = {
  kind: "call",
  call: "execve",
  succeeded: true,
  errno: 0,
  uid: 1_000_033,
  pid: 7,
  parentPid: 6,
  session: 3,
  program: "/usr/bin/dash",
  processName: "sh",
  arguments: ["sh", "-c", "id"],
  directory: "/",
  paths: ["/bin/sh"],
};
const tell = (change: Partial<AuditFact>, count = 1, session?: ExpectedSession) => {
  const draft = describeAudit({ ...ran, ...change }, count, owner, session);
  if (draft) EventDraft.parse(draft);
  return draft;
};
const brief = (draft: EventDraft | undefined) => draft && [draft.kind, draft.severity, draft.technique];

test("a command is told with its arguments and the user it has inside", () => {
  const draft = tell({});
  assert.deepEqual(brief(draft), ["audit.command", "info", "T1059.004"]);
  assert.equal(draft?.message, "ran sh -c id");
  assert.deepEqual([draft?.facts.uid, draft?.facts.arguments, draft?.facts.outside], [33, ["sh", "-c", "id"], undefined]);
  assert.equal(tell({ program: "/usr/bin/ls" })?.technique, undefined);
  assert.equal(tell({ uid: 0 })?.facts.outside, true);
});

test("what is tried and what is refused are told apart, with what it may be a part of", () => {
  assert.deepEqual(brief(tell({ kind: "seccomp", call: "mount", succeeded: false })), ["audit.attempt", "alert", "T1611"]);
  assert.deepEqual(brief(tell({ call: "ptrace", succeeded: false, errno: 1 })), ["audit.attempt", "alert", "T1055.008"]);
  assert.deepEqual(brief(tell({ kind: "seccomp", call: "memfd_create", succeeded: false })), ["audit.attempt", "warning", "T1620"]);
  assert.deepEqual(brief(tell({ call: "openat", succeeded: false, errno: 30 })), ["audit.denied", "notice", undefined]);
  assert.deepEqual(brief(tell({ succeeded: false, errno: 13 })), ["audit.denied", "notice", "T1059"]);
  assert.equal(
    tell({ call: "openat", succeeded: false, errno: 13, paths: ["/x"] }, 4)?.message,
    "/usr/bin/dash was refused openat of /x (EACCES) (4 times)",
  );
  assert.equal(tell({ kind: "seccomp", call: "clone3", succeeded: false }), undefined);
});

test("a session is told with who asked; what a health check runs is not, unless it is refused something", () => {
  const login = { kind: "login", call: "login" } as const;
  const asker = { uid: 0, pid: 9, loginUid: 1000 };
  const draft = tell(login, 1, { session: "console", asker, command: ["bash"], terminal: true });
  assert.equal(draft?.message, "session 3: console asked for by user 0 (login 1000): bash");
  assert.deepEqual([draft?.facts.askerUid, draft?.facts.askerLogin, draft?.facts.purpose], [0, 1000, "console"]);
  assert.equal(tell(login)?.facts.purpose, "start");
  const health: ExpectedSession = { session: "health", command: ["check"], terminal: false };
  assert.equal(tell(login, 1, health), undefined);
  assert.equal(tell({}, 1, health), undefined);
  assert(tell({ succeeded: false, errno: 13 }, 1, health));
});

test("however long what an intruder writes is, an event has room for it", () => {
  const long = "x".repeat(100_000);
  const draft = tell({ arguments: Array.from({ length: 64 }, () => long), program: long, directory: long });
  // Its sentence the ledger cuts.
  assert(draft && JSON.stringify(draft.facts).length < 23_000);
  assert.equal(EventDraft.parse(describeDropped(owner, 12)).facts.count, 12);
});
