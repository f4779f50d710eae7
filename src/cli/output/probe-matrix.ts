/** Who reaches whom, put together from the single probes of a network test. */
import type { NetworkProbe } from "../../model/stack-view.ts";

export interface MatrixCell {
  /** "9000", "53/udp", "icmp echo": what passes, in order. */
  readonly passing: readonly string[];
  readonly differs: boolean;
}

/** Ends that behave alike stand in one row: the ISCs of a member, mostly. */
export interface MatrixEnd {
  readonly label: string;
  readonly names: readonly string[];
}

export interface ProbeMatrix {
  readonly ends: readonly MatrixEnd[];
  /** Undefined where nothing was tried. */
  cell(from: MatrixEnd, to: MatrixEnd): MatrixCell | undefined;
}

export function buildMatrix(probes: readonly NetworkProbe[]): ProbeMatrix {
  const cells = gatherCells(probes);
  const look = (from: string, to: string) => cells.get(`${from} ${to}`);
  const ends = groupEnds([...new Set(probes.flatMap(({ from, to }) => [from, to]))], (from, to) => keyOf(look(from, to)));
  const cell = (from: MatrixEnd, to: MatrixEnd) => {
    const [first = "", second = first] = to.names;
    return look(from.names[0] ?? "", from === to ? second : first);
  };
  return { ends, cell };
}

function gatherCells(probes: readonly NetworkProbe[]): ReadonlyMap<string, MatrixCell> {
  const byPair = Map.groupBy(probes, ({ from, to }) => `${from} ${to}`);
  return new Map(
    [...byPair].map(([pair, own]) => {
      const passing = new Set(own.filter(({ seen }) => seen === "passes").map(({ what }) => shorten(what)));
      const differs = own.some(({ expected, seen }) => expected !== seen);
      return [pair, { passing: [...passing].toSorted(byNumber), differs }];
    }),
  );
}

/** "tcp 9000" is "9000", "udp 53" is "53/udp". */
function shorten(what: string): string {
  return what.replace(/^tcp (\d+)$/, "$1").replace(/^udp (\d+)$/, "$1/udp");
}

function byNumber(first: string, second: string): number {
  return Number.parseInt(first, 10) - Number.parseInt(second, 10) || (first < second ? -1 : Number(first > second));
}

function keyOf(cell: MatrixCell | undefined): string {
  return cell === undefined ? "" : `${cell.differs ? "!" : "="}${cell.passing.join(",")}`;
}

type CellKey = (from: string, to: string) => string;

function groupEnds(names: readonly string[], keyOfPair: CellKey): MatrixEnd[] {
  const groups: string[][] = [];
  for (const name of names.toSorted(outsideFirst)) {
    const group = groups.find(([first]) => first !== undefined && isAlike(first, name, names, keyOfPair));
    if (group === undefined) groups.push([name]);
    else group.push(name);
  }
  return groups.map((group) => ({ label: labelOf(group), names: group }));
}

function outsideFirst(first: string, second: string): number {
  const rank = (name: string) => ["outside", "dock"].indexOf(name) + (name === "outside" || name === "dock" ? 0 : 3);
  return rank(first) - rank(second);
}

/** Two numbered ISCs of one member with the same ways to and from everybody else. */
function isAlike(first: string, second: string, names: readonly string[], keyOfPair: CellKey): boolean {
  const base = (name: string) => /^(.+)-\d+$/.exec(name)?.[1];
  if (base(first) === undefined || base(first) !== base(second)) return false;
  const isSame = (other: string) =>
    other === first ||
    other === second ||
    (keyOfPair(first, other) === keyOfPair(second, other) && keyOfPair(other, first) === keyOfPair(other, second));
  const isMutual = keyOfPair(first, second) === keyOfPair(second, first) && keyOfPair(first, first) === keyOfPair(second, second);
  return isMutual && names.every(isSame);
}

/** "shop-app-1…3" where the numbers follow each other, "shop-app-1,3" else. */
function labelOf(names: readonly string[]): string {
  const [first = ""] = names;
  if (names.length === 1) return first;
  const numbers = names.map((name) => Number(/\d+$/.exec(name)?.[0]));
  const [from = 0] = numbers;
  const isRow = numbers.every((number, index) => number === from + index);
  return first.replace(/\d+$/, isRow ? `${from}…${from + numbers.length - 1}` : numbers.join(","));
}
