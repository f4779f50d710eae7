/** What an ISC may hear and say on the network, as its blueprint declares it. */
import { z } from "zod";
import { Name } from "./name.ts";

export const Protocol = z.enum(["tcp", "udp"]);
export type Protocol = z.infer<typeof Protocol>;

export const PortNumber = z.number().int().min(1).max(65_535);

/** A port the service listens on inside the ISC. */
export const ListenPort = z.strictObject({ port: PortNumber, protocol: Protocol });
export type ListenPort = z.infer<typeof ListenPort>;

/** A host port that leads to an ISC port. `address` narrows the host addresses it answers on; absent means all of them. */
export const Exposure = z.strictObject({
  hostPort: PortNumber,
  port: PortNumber,
  protocol: Protocol,
  address: z.string().optional(),
});
export type Exposure = z.infer<typeof Exposure>;

/** One outbound permission. `host` may be an IPv4 or IPv6 address or prefix, or a DNS name that the dock resolves and keeps fresh. */
export const Connection = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("address"), address: z.string(), port: PortNumber, protocol: Protocol }),
  z.strictObject({ kind: z.literal("name"), host: z.string(), port: PortNumber, protocol: Protocol }),
  z.strictObject({ kind: z.literal("isc"), isc: Name, port: PortNumber, protocol: Protocol }),
]);
export type Connection = z.infer<typeof Connection>;

export const NetworkPolicy = z.strictObject({
  listen: z.array(ListenPort).readonly(),
  expose: z.array(Exposure).readonly(),
  connect: z.array(Connection).readonly(),
});
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;
