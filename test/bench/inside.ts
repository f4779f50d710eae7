/** What runs in the network of an ISC, beside its own processes: load that takes the way its own requests would. */
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

export async function viewOf({ client }: IscadmContender, stack: string): Promise<StackView> {
  const view = (await client.call("stacks", {})).stacks.find(({ name }) => name === stack);
  if (view === undefined) throw new Error(`there is no stack ${stack}`);
  return view;
}
