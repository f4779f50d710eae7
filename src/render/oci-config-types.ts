/** The part of the OCI runtime specification 1.0.2 that we write, config.json, and what it is made from. */
import type { SlotIdentity } from "../model/identity.ts";
import type { Manifest } from "../model/image.ts";
import type { IscRecord, RuntimeName } from "../model/isc.ts";
import type { Layout } from "../model/layout.ts";
import type { OciSeccomp } from "./seccomp.ts";

export interface OciConfigInput {
  readonly manifest: Manifest;
  readonly record: Pick<IscRecord, "name">;
  readonly identity: Pick<SlotIdentity, "uidBase" | "uidCount">;
  readonly layout: Layout;
  readonly runtime: RuntimeName;
  /** Below each cgroup hierarchy, e.g. "/isc-ab12/web". */
  readonly cgroupsPath: string;
  readonly seccomp: OciSeccomp;
  /** Most open files the dock itself may have: no process may get more than the one that starts it. */
  readonly openFilesCeiling: number;
  /** Whether the kernel counts swap (cgroup v2 memory.swap.max, v1 memory.memsw.limit_in_bytes); a limit it does not know is an error. */
  readonly swapAccounting: boolean;
  /** Directories already mounted as overlays by the dock, for the profile `flexible`. */
  readonly overlays: readonly string[];
  readonly apparmorProfile?: string;
}

export interface OciConfig {
  readonly ociVersion: "1.0.2";
  readonly process: OciProcess;
  readonly root: { readonly path: string; readonly readonly: true };
  readonly hostname: string;
  readonly mounts: readonly OciMount[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux: OciLinux;
}

export interface OciProcess {
  readonly terminal: boolean;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[]; readonly umask: number };
  readonly args: readonly string[];
  /** NAME=value */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<"bounding" | "effective" | "permitted" | "inheritable" | "ambient", readonly string[]>>;
  readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  readonly noNewPrivileges: true;
  readonly apparmorProfile?: string;
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciLinux {
  readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
  readonly uidMappings: readonly OciIdMapping[];
  readonly gidMappings: readonly OciIdMapping[];
  readonly cgroupsPath: string;
  readonly resources: OciResources;
  readonly seccomp: OciSeccomp;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

export interface OciIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface OciResources {
  readonly devices: readonly { readonly allow: boolean; readonly access: string }[];
  readonly memory: { readonly limit: number; readonly swap?: number };
  /** Microseconds. */
  readonly cpu: { readonly quota: number; readonly period: number };
  readonly pids: { readonly limit: number };
}
