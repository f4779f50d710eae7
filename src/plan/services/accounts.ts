/** Users and groups of the image, from the texts of its own /etc/passwd and /etc/group: nothing here asks the host. */
import { closest } from "../../base/edit-distance.ts";
import { Problem } from "../../base/problem.ts";

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Who a process is, in numbers. `home` and `name` are undefined for a number that the image has no account for. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, ascending, without `gid`. */
  readonly groups: readonly number[];
  readonly name: string | undefined;
  readonly home: string | undefined;
}

/** Ids of an ISC's range (user_namespaces(7)): 65,536 of them. */
const highestId = 65_535;

export function findUser(accounts: AccountFiles, nameOrNumber: string): User | undefined {
  const number = parseId(nameOrNumber);
  return parseUsers(accounts.passwd).find((user) => (number === undefined ? user.name === nameOrNumber : user.uid === number));
}

/**
 * @param user name or number
 * @param group name or number; default the user's own
 * @param lonelyGid group of a number that has no account
 * @throws Problem USER_UNKNOWN
 */
export function resolveIdentity(
  accounts: AccountFiles,
  wanted: { readonly user: string; readonly group?: string | undefined; readonly extraGroups?: readonly string[] },
  lonelyGid?: number,
): Identity {
  const user = findUser(accounts, wanted.user);
  const uid = user?.uid ?? requireId(wanted.user, () => unknownAccount("user", wanted.user, parseUsers(accounts.passwd)));
  const gid = wanted.group === undefined ? (user?.gid ?? lonelyGid ?? uid) : resolveGroup(accounts, wanted.group);
  const member = parseGroups(accounts.group).filter((group) => user !== undefined && group.members.includes(user.name));
  const groups = new Set([...member.map((group) => group.gid), ...(wanted.extraGroups ?? []).map((name) => resolveGroup(accounts, name))]);
  groups.delete(gid);
  return { uid, gid, groups: [...groups].sort((a, b) => a - b), name: user?.name, home: user?.home };
}

function resolveGroup(accounts: AccountFiles, nameOrNumber: string): number {
  const groups = parseGroups(accounts.group);
  const found = groups.find((group) => group.name === nameOrNumber);
  return found?.gid ?? requireId(nameOrNumber, () => unknownAccount("group", nameOrNumber, groups));
}

function requireId(text: string, otherwise: () => Problem): number {
  const id = parseId(text);
  if (id === undefined) throw otherwise();
  if (id > highestId) throw new Problem("USER_UNKNOWN", `cannot run as ${text}: an ISC has the ids 0 to ${highestId}`);
  return id;
}

function unknownAccount(kind: "user" | "group", name: string, known: readonly { readonly name: string }[]): Problem {
  const meant = closest(
    name,
    known.map((account) => account.name),
  );
  return new Problem(
    "USER_UNKNOWN",
    `cannot run as ${kind} ${name}: the image's /etc/${kind === "user" ? "passwd" : "group"} does not have it`,
    {
      hint: meant === undefined ? `name a ${kind} that a package of the image makes, or a number` : `did you mean ${meant}?`,
    },
  );
}

function parseUsers(passwd: string): readonly User[] {
  return passwd.split("\n").flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(":");
    const ids = { uid: parseId(uid), gid: parseId(gid) };
    if (!name || ids.uid === undefined || ids.gid === undefined || ids.uid > highestId || ids.gid > highestId) return [];
    return [{ name, uid: ids.uid, gid: ids.gid, home: home?.startsWith("/") ? home : "/" }];
  });
}

function parseGroups(text: string): readonly { readonly name: string; readonly gid: number; readonly members: readonly string[] }[] {
  return text.split("\n").flatMap((line) => {
    const [name, , gid, members] = line.split(":");
    const id = parseId(gid);
    return name && id !== undefined && id <= highestId ? [{ name, gid: id, members: members?.split(",") ?? [] }] : [];
  });
}

function parseId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
