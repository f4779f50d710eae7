/** A stack: several ISCs, the networks between them and what may flow. What its file says, and what the dock keeps of it (stack.json). */
import { z } from "zod";
import { Digest } from "./digest.ts";
import { Name } from "./name.ts";
import { Exposure, PortNumber, Protocol } from "./network.ts";

/** Most instances of one member: each gets a share of the buckets that connections are spread over. */
export const mostInstances = 100;
/** No member can be called so: the host's side of a flow, and the world. */
export const reservedMembers = ["dock", "outside"] as const;

/** What may pass at most. Absent means no limit but the machine's. */
export const TrafficLimits = z.strictObject({
  /** Bits a second, in each direction. */
  bitsPerSecond: z.number().int().positive().optional(),
  /** Packets a second, in each direction. */
  packetsPerSecond: z.number().int().positive().optional(),
  /** Connections open at the same time. */
  connections: z.number().int().positive().optional(),
  /** New connections a second. */
  connectionsPerSecond: z.number().int().positive().optional(),
});
export type TrafficLimits = z.infer<typeof TrafficLimits>;

/** The way out of a network's ISCs: the host's own choice, or one address or interface of it. */
export const Uplink = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("any") }),
  z.strictObject({ kind: z.literal("address"), address: z.string() }),
  z.strictObject({ kind: z.literal("interface"), interface: z.string() }),
]);
export type Uplink = z.infer<typeof Uplink>;

const mtu = z.number().int().min(1_280).max(65_535);

export const NetworkDeclaration = z.strictObject({
  /** IPv4 prefix without host bits, of length 8 to 28; the dock chooses one when absent. */
  subnet: z.string().optional(),
  /** IPv6 prefix of length 64, of the unique local ones (RFC 4193); the dock chooses one when absent. */
  subnet6: z.string().optional(),
  mtu: mtu.optional(),
  /** Absent: nothing on it may connect to the outside. */
  uplink: Uplink.optional(),
});
export type NetworkDeclaration = z.infer<typeof NetworkDeclaration>;

/** Where a flow leads: another member (all its instances), or the outside. */
export const FlowTarget = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("isc"), isc: Name }),
  /** IPv4 or IPv6 address or prefix. */
  z.strictObject({ kind: z.literal("address"), address: z.string() }),
  z.strictObject({ kind: z.literal("name"), host: z.string() }),
]);
export type FlowTarget = z.infer<typeof FlowTarget>;

export const Flow = z.strictObject({
  /** A member, or "dock". */
  from: z.union([z.literal("dock"), Name]),
  to: FlowTarget,
  port: PortNumber,
  protocol: Protocol,
  /** The only network it may use; every one that both are on when absent. */
  network: Name.optional(),
  limits: TrafficLimits.optional(),
});
export type Flow = z.infer<typeof Flow>;

const memberFields = {
  /** Absent: one, whose ISC has no number. */
  count: z.number().int().min(1).max(mostInstances).optional(),
  /** In order: the first is eth0 and has the default route. */
  networks: z.array(Name).min(1).readonly(),
  expose: z.array(Exposure).readonly(),
  limits: TrafficLimits.optional(),
  /** Each is a file /run/secrets/NAME inside. */
  secrets: z.array(Name).readonly(),
};

export const SecretSource = z.discriminatedUnion("kind", [
  /** Absolute after parsing. Read at each `up`. */
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("stdin") }),
]);
export type SecretSource = z.infer<typeof SecretSource>;

/** Where a member's blueprint is: a file, absolute after parsing, or text that stood in the stack file. */
export type BlueprintSource =
  | { readonly kind: "file"; readonly path: string }
  /** YAML again; its relative paths start from the stack file's folder. */
  | { readonly kind: "inline"; readonly text: string; readonly directory: string };

/** A stack file after parsing. Flows come from `flows` and from each member's `connect`. */
export interface Stack {
  readonly name: Name;
  readonly networks: Readonly<Record<Name, NetworkDeclaration>>;
  readonly members: Readonly<Record<Name, StackMember>>;
  readonly flows: readonly Flow[];
  readonly secrets: Readonly<Record<Name, SecretSource>>;
}

export interface StackMember {
  readonly blueprint: BlueprintSource;
  readonly count?: number | undefined;
  readonly networks: readonly Name[];
  readonly expose: readonly Exposure[];
  readonly limits?: TrafficLimits | undefined;
  readonly secrets: readonly Name[];
}

/** A network with the addresses that it has been given. */
export const NetworkRange = z.strictObject({
  name: Name,
  subnet: z.string(),
  /** First 64 bits, as four groups without "::", e.g. "fd15:c0b1:b12:2". */
  prefix6: z.string(),
  mtu: mtu.optional(),
  uplink: Uplink.optional(),
});
export type NetworkRange = z.infer<typeof NetworkRange>;

/** Which ISC is which part of a stack. */
export const Membership = z.strictObject({
  stack: Name,
  member: Name,
  /** From 1; 0 for the only one of a member without a count. */
  number: z.number().int().min(0),
});
export type Membership = z.infer<typeof Membership>;

export const RecordedMember = z.strictObject({
  image: Digest,
  /** Ports that its blueprint says it listens on. */
  listen: z.array(z.strictObject({ port: PortNumber, protocol: Protocol })).readonly(),
  /** The dock's own check connects there. */
  healthPort: PortNumber.optional(),
  ...memberFields,
});
export type RecordedMember = z.infer<typeof RecordedMember>;

/** stack.json: what should be. Written before anything is done about it; a dock that starts carries on where the last one ended. */
export const StackRecord = z.strictObject({
  version: z.literal(1),
  name: Name,
  desired: z.enum(["up", "down", "removed"]),
  networks: z.record(Name, NetworkRange),
  members: z.record(Name, RecordedMember),
  flows: z.array(Flow).readonly(),
  secrets: z.record(Name, SecretSource),
  /** Which service address (see model/stack-address.ts) each member and each of its ISCs has, by member or ISC name. Kept over edits. */
  addresses: z.record(z.string(), z.number().int().min(0)),
  /** When each secret was last another one than before; instances from earlier have the old one. Milliseconds since the epoch. */
  secretsChangedAtMs: z.record(Name, z.number().int()),
  /** Networks as they were before the last change, whose routes are still to be taken away. */
  leaving: z.array(NetworkRange).readonly(),
  /** Something of it is still to be carried out. */
  pending: z.boolean(),
  /** Absolute path of the file it came from. */
  file: z.string(),
  changedAtMs: z.number().int(),
});
export type StackRecord = z.infer<typeof StackRecord>;

/** The names of a member's ISCs: shop-web, or shop-web-1, shop-web-2. */
export function iscsOfMember(stack: Name, member: Name, count: number | undefined): readonly Name[] {
  const base = `${stack}-${member}`;
  if (count === undefined) return [base as Name];
  return Array.from({ length: count }, (_, index) => `${base}-${index + 1}` as Name);
}
