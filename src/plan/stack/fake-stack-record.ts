/** A stack of three tiers for tests: web ×2 → app ×2 → db, as the dock keeps it. */
import type { Digest } from "../../model/digest.ts";
import { type DockIdentity, parseDockIdentity } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";
import type { Stack, StackMember, StackRecord } from "../../model/stack.ts";
import { proposeStack } from "./propose.ts";

const parsed = parseDockIdentity("0b12", "10.201.0.0/16");
if (!parsed) throw new TypeError("no identity");
export const fakeDock: DockIdentity = parsed;
export const fakeDigest = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;
export const name = (text: string) => text as Name;

const member = (fields: Partial<StackMember>): StackMember => ({
  blueprint: { kind: "file", path: "/stacks/any.yaml" },
  networks: [],
  expose: [],
  secrets: [],
  ...fields,
});

export const fakeStack: Stack = {
  name: name("shop"),
  networks: { [name("front")]: {}, [name("back")]: {}, [name("out")]: { uplink: { kind: "any" } } },
  members: {
    [name("web")]: member({ networks: [name("front")], count: 2, expose: [{ hostPort: 8080, port: 80, protocol: "tcp" }] }),
    [name("app")]: member({
      networks: [name("front"), name("back"), name("out")],
      count: 2,
      secrets: [name("password")],
      limits: { connections: 50 },
    }),
    [name("db")]: member({ networks: [name("back")] }),
  },
  flows: [
    { from: name("web"), to: { kind: "isc", isc: name("app") }, port: 8000, protocol: "tcp", limits: { packetsPerSecond: 1_000 } },
    { from: name("app"), to: { kind: "isc", isc: name("db") }, port: 5000, protocol: "tcp" },
    { from: "dock", to: { kind: "isc", isc: name("db") }, port: 5000, protocol: "tcp" },
    { from: name("app"), to: { kind: "name", host: "api.example.org" }, port: 443, protocol: "tcp" },
    { from: name("app"), to: { kind: "address", address: "192.0.2.0/24" }, port: 53, protocol: "udp" },
  ],
  secrets: { [name("password")]: { kind: "file", path: "/stacks/password" } },
};

const listens = { web: 80, app: 8000, db: 5000 } as const;

/** Of each member; the digit stands for its image. */
function fakeImages(digits: Readonly<Record<string, string>> = {}) {
  return new Map(
    Object.entries(listens).map(([member, port]) => {
      const network = { listen: [{ port, protocol: "tcp" as const }], expose: [], connect: [] };
      // The only parts of a posture that a proposal looks at.
      const posture = { network } as unknown as Parameters<typeof proposeStack>[0]["images"] extends ReadonlyMap<Name, { posture: infer P }>
        ? P
        : never;
      return [name(member), { digest: fakeDigest(digits[member] ?? "a"), posture }] as const;
    }),
  );
}

export function fakeStackRecord(stack: Stack = fakeStack, before?: StackRecord): StackRecord {
  return proposeStack({
    stack,
    images: fakeImages(),
    before,
    taken: [],
    changedSecrets: [],
    dock: fakeDock,
    file: "/stacks/shop.yaml",
    nowMs: 1_000,
  });
}

export function withMember(stack: Stack, which: string, change: Partial<StackMember>): Stack {
  const own = stack.members[name(which)];
  if (!own) throw new TypeError(`there is no member ${which}`);
  return { ...stack, members: { ...stack.members, [name(which)]: { ...own, ...change } } };
}
