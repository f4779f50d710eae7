/** A stack for tests: a shop with a front, three instances behind it and a database, and whatever else a test asks for. */
import { Name } from "../model/name.ts";
import type { Flow } from "../model/stack.ts";
import type {
  ExposureView,
  FlowView,
  NetworkProbe,
  NetworkView,
  ServiceView,
  StackIscView,
  StackStep,
  StackView,
} from "../model/stack-view.ts";

const [front, back] = [Name.parse("front"), Name.parse("back")];
const [web, app, db] = [Name.parse("web"), Name.parse("app"), Name.parse("db")];

export function fakeNetwork(name: Name, number: number): NetworkView {
  return { name, subnet: `10.202.${number}.0/24`, subnet6: `fd15:c0b1:b12:${number}::/64`, mtu: 1_500 };
}

interface FakeIsc {
  readonly member: Name;
  /** 0: the member has no count. */
  readonly number: number;
  readonly networks: readonly NetworkView[];
  /** The last part of its addresses. */
  readonly host?: number;
}

export function fakeIsc({ member, number, networks, host = 2 + number }: FakeIsc): StackIscView {
  return {
    name: Name.parse(`shop-${member}${number === 0 ? "" : `-${number}`}`),
    member,
    status: "running",
    serving: true,
    interfaces: networks.map(({ name, subnet, subnet6 }, index) => ({
      network: name,
      link: `isc1a2b-${host}${["", "b", "c"][index] ?? index}`,
      address: subnet.replace("0/24", String(host)),
      address6: subnet6.replace("/64", String(host)),
    })),
    traffic: {
      sentBytes: 1_300_000 * host,
      sentPackets: 4_000,
      receivedBytes: 340_000 * host,
      receivedPackets: 3_100,
      limitedPackets: 0,
    },
    connections: 4,
  };
}

export function fakeFlow(flow: Pick<Flow, "from" | "to" | "port"> & Partial<FlowView>): FlowView {
  return { protocol: "tcp", networks: [], begun: 0, limited: 0, ...flow };
}

const networks = [{ ...fakeNetwork(front, 1), uplink: { kind: "any" } as const }, fakeNetwork(back, 2)];
const backOnly = networks.slice(1);
const { traffic: _, connections: __, ...stoppedApp } = fakeIsc({ member: app, number: 3, networks: backOnly });

const iscs: readonly StackIscView[] = [
  { ...fakeIsc({ member: web, number: 0, networks }), well: true, limits: { connections: 1_000 } },
  { ...fakeIsc({ member: app, number: 1, networks: backOnly }), well: true },
  { ...fakeIsc({ member: app, number: 2, networks: backOnly }), well: false, serving: false },
  { ...stoppedApp, status: "quarantined", serving: false },
  fakeIsc({ member: db, number: 0, networks: backOnly, host: 9 }),
];
const exposures: readonly ExposureView[] = [
  { member: web, hostPort: 8443, port: 443, protocol: "tcp", begun: 1_204 },
  { member: web, hostPort: 8080, port: 80, protocol: "tcp", address: "127.0.0.1", begun: 7 },
];
const flows: readonly FlowView[] = [
  fakeFlow({
    from: web,
    to: { kind: "isc", isc: app },
    port: 9000,
    networks: [back],
    begun: 1_188,
    limited: 3,
    limits: { connections: 50, bitsPerSecond: 10_000_000 },
  }),
  fakeFlow({ from: app, to: { kind: "isc", isc: db }, port: 5432, networks: [back], begun: 212 }),
  fakeFlow({ from: app, to: { kind: "isc", isc: app }, port: 7946, protocol: "udp", networks: [back], begun: 40 }),
  fakeFlow({ from: web, to: { kind: "name", host: "acme.example.org" }, port: 443, networks: [front], begun: 2 }),
];

const services: readonly ServiceView[] = [
  fakeService({ member: app, network: back, host: 3, iscs: ["shop-app-1"] }),
  fakeService({ member: db, network: back, host: 6, iscs: [] }),
];

export const fakeStack: StackView = { name: Name.parse("shop"), desired: "up", networks, iscs, services, flows, exposures };

function fakeService({
  member,
  network,
  host,
  iscs: own,
}: {
  readonly member: Name;
  readonly network: Name;
  readonly host: number;
  readonly iscs: readonly string[];
}): ServiceView {
  return {
    name: `${member}.${network}.isc`,
    member,
    network,
    address: `10.202.4.${host}`,
    address6: `fd15:c0b1:b12:2:1::${host}`,
    iscs: own.map((name) => Name.parse(name)),
  };
}

export const fakeSteps: readonly StackStep[] = [
  { kind: "network", change: "add", what: "back", detail: "10.202.2.0/24, fd15:c0b1:b12:2::/64" },
  { kind: "isc", change: "add", what: "shop-app-3" },
  { kind: "isc", change: "replace", what: "shop-web", detail: "image 3f9a1c773f9a to 77aa0b1277aa" },
  { kind: "flow", change: "remove", what: "web → db 5432/tcp" },
];

const ends = ["outside", ...iscs.map(({ name }) => name)];
const declared = [
  ["outside", "shop-web", 443],
  ["shop-web", "shop-app", 9000],
  ["shop-app", "shop-db", 5432],
] as const;

/** One of them is let through though nothing allows it. */
export const fakeProbes: readonly NetworkProbe[] = ends.flatMap((from) =>
  ends.filter((to) => to !== from && to !== "outside").flatMap((to) => probesOf(from, to)),
);

function probesOf(from: string, to: string): NetworkProbe[] {
  return ([443, 5432, 9000] as const).flatMap((port) => {
    const isDeclared = declared.some(([first, second, allowed]) => from.startsWith(first) && to.startsWith(second) && allowed === port);
    const isLeak = from === "shop-web" && to === "shop-db" && port === 5432;
    const expected = isDeclared ? "passes" : "refused";
    const place = from === "outside" ? {} : { network: back };
    return ([4, 6] as const).map((family): NetworkProbe => {
      return { from, to, ...place, family, what: `tcp ${port}`, expected, seen: isLeak ? "passes" : expected };
    });
  });
}
