/** Process 1 of an ISC: catatonit before one service, s6 above several. All it needs lies in the sealed image below /.isc. */
import { Problem } from "../../base/problem.ts";
import type { Init, PlaceDirectory, Service } from "../../model/image.ts";
import { defaultPath } from "./assemble-service.ts";
import type { Need } from "./planned-service.ts";
import { renderStartScript } from "./start-script.ts";

/** Laid into the image before it is sealed; owned by root. Their directories have mode 0755. */
export type InitFile =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: string }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };

export interface PlannedInit {
  readonly init: Init;
  readonly files: readonly InitFile[];
  /** Directories that must be there, on /run, when process 1 starts. */
  readonly directories: readonly PlaceDirectory[];
  readonly needs: readonly Need[];
  /** Whether /.isc/catatonit must be laid into the image. */
  readonly needsCatatonit: boolean;
}

const serviceDirectory = "/.isc/services";
/** For s6-svscan to reap the last of its children after the slowest service is down. */
const supervisionMarginMs = 2_000;

/**
 * @param capabilities what the blueprint grants
 * @throws Problem SERVICES_DIFFER_IN_USER
 */
export function planInit(services: readonly Service[], capabilities: readonly string[]): PlannedInit {
  const [first, ...others] = services;
  if (first === undefined) throw new Problem("SERVICE_UNKNOWN", "cannot start an ISC without a service");
  return others.length === 0 ? planSingle(first) : planSupervised(services, capabilities);
}

/** catatonit hands every signal on to its child, and ends with it. */
function planSingle(service: Service): PlannedInit {
  const { uid, gid, groups, environment, workingDirectory, stopSignal, stopTimeoutMs } = service;
  const script = `/.isc/start/${service.name}`;
  const prepared = service.prepare.length > 0;
  const command = ["/.isc/catatonit", "--", ...(prepared ? [script] : service.command)];
  return {
    init: { command, uid, gid, groups, environment, workingDirectory, stopSignal, stopTimeoutMs },
    files: prepared ? [{ kind: "file", path: script, mode: 0o755, content: renderStartScript(service, { standalone: false }) }] : [],
    directories: [],
    needs: prepared ? ["shell"] : [],
    needsCatatonit: true,
  };
}

/**
 * The scan directory stays in the sealed image, since scripts on /run could not be executed. What s6 2.11 writes, it writes through
 * symlinks: s6-supervise makes `supervise` and `event` where they lead, while `.s6-svscan` must be there.
 * Told SIGTERM, s6-svscan brings every service down by its own signal and ends with them; a service that ends by itself is started again.
 */
function planSupervised(services: readonly Service[], capabilities: readonly string[]): PlannedInit {
  const owner = chooseOwner(services, capabilities);
  const directory = (path: string): PlaceDirectory => ({ path, mode: 0o755, uid: owner.uid, gid: owner.gid });
  return {
    init: {
      command: ["/usr/bin/s6-svscan", serviceDirectory],
      uid: owner.uid,
      gid: owner.gid,
      groups: owner.groups,
      environment: { PATH: defaultPath },
      workingDirectory: "/",
      stopSignal: "SIGTERM",
      stopTimeoutMs: Math.max(...services.map((service) => service.stopTimeoutMs)) + supervisionMarginMs,
    },
    files: [
      { kind: "symlink", path: `${serviceDirectory}/.s6-svscan`, target: "/run/s6/svscan" },
      ...services.flatMap((service) => superviseFiles(service, owner.switches)),
    ],
    directories: [
      directory("/run/s6"),
      directory("/run/s6/svscan"),
      ...services.map((service) => directory(`/run/s6/services/${service.name}`)),
    ].flatMap((entry) => (entry.path.endsWith("/svscan") ? [entry, directory("/run/s6/services")] : [entry])),
    needs: ["s6", "shell"],
    needsCatatonit: false,
  };
}

function superviseFiles(service: Service, switchesUser: boolean): readonly InitFile[] {
  const place = `${serviceDirectory}/${service.name}`;
  const state = `/run/s6/services/${service.name}`;
  const file = (name: string, mode: number, content: string): InitFile => ({ kind: "file", path: `${place}/${name}`, mode, content });
  return [
    file("run", 0o755, renderStartScript(service, { standalone: true, switchesUser })),
    file("down-signal", 0o644, `${service.stopSignal}\n`),
    file("timeout-kill", 0o644, `${service.stopTimeoutMs}\n`),
    { kind: "symlink", path: `${place}/supervise`, target: `${state}/supervise` },
    { kind: "symlink", path: `${place}/event`, target: `${state}/event` },
  ];
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Each service changes to its own user. */
  readonly switches: boolean;
}

/** To change to another user, and to signal what runs as one: without CAP_KILL such a service could not be stopped (kill(2)). */
const switchingCapabilities = ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"];

function chooseOwner(services: readonly Service[], capabilities: readonly string[]): Owner {
  const describe = ({ uid, gid, groups }: Service) => [uid, gid, ...groups].join(" ");
  const [first] = services;
  if (first !== undefined && new Set(services.map(describe)).size === 1)
    return { uid: first.uid, gid: first.gid, groups: first.groups, switches: false };
  if (switchingCapabilities.every((capability) => capabilities.includes(capability))) return { uid: 0, gid: 0, groups: [], switches: true };
  throw new Problem(
    "SERVICES_DIFFER_IN_USER",
    "cannot run these services in one ISC: they have different users, and without capabilities none can be changed to",
    {
      hint: "give them one user, put them into ISCs of their own, or grant CAP_KILL, CAP_SETGID and CAP_SETUID",
      details: services.map((service) => `${service.name} runs as uid ${service.uid}, gid ${service.gid}`),
    },
  );
}
