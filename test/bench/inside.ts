/** What runs in the network of an ISC, beside its own processes: load that takes the way its own requests would. */
import { readFileSync } from "node:fs";
import type { StackView } from "../../src/model/stack-view.ts";
import type { IscadmContender } from "./iscadm-contender.ts";

export async function pidOf({ client }: IscadmContender, isc: string): Promise<number> {
  const pid = (await client.call("list", {})).iscs.find(({ name }) => name === isc)?.pid;
  if (pid === undefined) throw new Error(`${isc} does not run`);
  return pid;
}

/** A command line that runs in a process' network. */
export function wrapInside(pid: number, program: string, words: readonly string[]): [program: string, words: string[]] {
  return ["nsenter", [`--net=/proc/${pid}/ns/net`, "--", program, ...words]];
}

/** The IPv4 service address that a name leads to, as the ISC itself knows it. */
export function addressOf(pid: number, name: string): string {
  const hosts = readFileSync(`/proc/${pid}/root/etc/hosts`, "utf8");
  const line = hosts.split("\n").find((one) => /^\d+\./.test(one) && one.split(/\s+/).slice(1).includes(name));
  const address = line?.split(/\s+/)[0];
  if (address === undefined) throw new Error(`nothing is called ${name} there`);
  return address;
}

export async function viewOf({ client }: IscadmContender, stack: string): Promise<StackView> {
  const view = (await client.call("stacks", {})).stacks.find(({ name }) => name === stack);
  if (view === undefined) throw new Error(`there is no stack ${stack}`);
  return view;
}
