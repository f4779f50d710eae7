/** What a name leads to for an ISC, by its own /etc/hosts: static programs do not ask for names. */
import { readFileSync } from "node:fs";

/** The IPv4 service address. Throws Error when nothing is called so there. */
export function addressOf(pid: number, name: string): string {
  const hosts = readFileSync(`/proc/${pid}/root/etc/hosts`, "utf8");
  const line = hosts.split("\n").find((one) => /^\d+\./.test(one) && one.split(/\s+/).slice(1).includes(name));
  const address = line?.split(/\s+/)[0];
  if (address === undefined) throw new Error(`nothing is called ${name} there`);
  return address;
}
