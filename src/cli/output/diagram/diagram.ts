/** What a picture of a stack holds, before anything has a place: boxes, and lines between them. */
import type { FlowView, StackIscView, StackView } from "../../../model/stack-view.ts";
import { conditionOf, renderBegun, renderFlowTarget } from "../stack-words.ts";

export type BoxLine =
  | { readonly kind: "isc"; readonly isc: StackIscView }
  /** More ISCs than deserve a line each. */
  | { readonly kind: "iscs"; readonly iscs: readonly StackIscView[] }
  /** `short`, if anything, where there is little room. */
  | { readonly kind: "text"; readonly text: string; readonly short: string };

export interface DiagramBox {
  readonly id: string;
  readonly kind: "outside" | "dock" | "member" | "target";
  readonly title: string;
  readonly lines: readonly BoxLine[];
}

export interface DiagramLine {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** What is let through: "9000/tcp". */
  readonly port: string;
  /** Connections begun, and refused of them because a limit was reached: "1,204", "88 (3 refused)". */
  readonly begun: string;
  /** Where an exposed port begins, on the outside: "8080", "127.0.0.1:8080". */
  readonly start?: string;
  readonly networks: readonly string[];
}

export interface Diagram {
  readonly boxes: readonly DiagramBox[];
  readonly lines: readonly DiagramLine[];
  readonly networks: readonly string[];
}

/** ISCs of a member with more of them stand side by side. */
const mostLines = 6;
const iscsInARow = 5;
/** Of those side by side, so many that are not well are named besides. */
const mostUnwell = 4;

export function buildDiagram(stack: StackView): Diagram {
  const members = membersOf(stack);
  const flows = stack.flows.filter((flow) => !isWithin(flow));
  const targets = [...new Set(flows.filter(({ to }) => to.kind !== "isc").map(renderFlowTarget))];
  return {
    boxes: [
      ...(stack.exposures.length === 0 ? [] : [plainBox("outside", "outside", "outside")]),
      ...(flows.some(({ from }) => from === "dock") ? [plainBox("dock", "dock", "dock")] : []),
      ...members.map((member) => memberBox(member, stack)),
      ...targets.map((target) => plainBox("target", `to ${target}`, target)),
    ],
    lines: [...exposureLines(stack), ...flows.map(flowLine)],
    networks: stack.networks.map(({ name }) => name),
  };
}

/** In the order of the file. */
function membersOf({ iscs, flows, exposures }: StackView): string[] {
  const ends = flows.flatMap(({ from, to }) => [...(from === "dock" ? [] : [from]), ...(to.kind === "isc" ? [to.isc] : [])]);
  return [...new Set<string>([...iscs.map(({ member }) => member), ...ends, ...exposures.map(({ member }) => member)])];
}

function plainBox(kind: DiagramBox["kind"], id: string, title: string): DiagramBox {
  return { id, kind, title, lines: [] };
}

function memberBox(member: string, { iscs, flows }: StackView): DiagramBox {
  const own = iscs.filter((isc) => isc.member === member);
  const lines: BoxLine[] = own.length <= mostLines ? own.map((isc) => ({ kind: "isc", isc })) : rowsOf(own);
  const within = flows
    .filter((flow) => flow.from === member && isWithin(flow))
    .map((flow): BoxLine => ({ kind: "text", ...wordsWithin(flow) }));
  const networks: BoxLine = {
    kind: "text",
    text: `on ${own[0]?.interfaces.map(({ network }) => network).join(", ") || "no network"}`,
    short: "",
  };
  return { id: `isc ${member}`, kind: "member", title: member, lines: [...lines, ...within, networks] };
}

function wordsWithin(flow: FlowView): { readonly text: string; readonly short: string } {
  const port = `${flow.port}/${flow.protocol}`;
  return { text: `among them ${port}: ${renderBegun(flow)}`, short: `↻ ${port}` };
}

function rowsOf(iscs: readonly StackIscView[]): BoxLine[] {
  const starts = Array.from({ length: Math.ceil(iscs.length / iscsInARow) }, (_, index) => index * iscsInARow);
  const rows = starts.map((start): BoxLine => ({ kind: "iscs", iscs: iscs.slice(start, start + iscsInARow) }));
  const unwell = iscs.filter((isc) => conditionOf(isc) !== "well");
  const named = unwell.slice(0, mostUnwell).map((isc): BoxLine => ({ kind: "isc", isc }));
  const more = `and ${unwell.length - named.length} more`;
  const rest: BoxLine[] = unwell.length === named.length ? [] : [{ kind: "text", text: more, short: more }];
  return [...rows, ...named, ...rest];
}

function isWithin({ from, to }: FlowView): boolean {
  return to.kind === "isc" && to.isc === from;
}

function flowLine(flow: FlowView, index: number): DiagramLine {
  return {
    id: `flow ${index}`,
    from: flow.from === "dock" ? "dock" : `isc ${flow.from}`,
    to: flow.to.kind === "isc" ? `isc ${flow.to.isc}` : `to ${renderFlowTarget(flow)}`,
    port: `${flow.port}/${flow.protocol}`,
    begun: renderBegun(flow),
    networks: flow.networks,
  };
}

/** They come in through the first network of the member, which has the default route. */
function exposureLines({ exposures, iscs }: StackView): DiagramLine[] {
  return exposures.map(({ member, hostPort, port, protocol, address, begun }, index) => {
    const network = iscs.find((isc) => isc.member === member)?.interfaces[0]?.network;
    const host = address === undefined ? "" : `${address.includes(":") ? `[${address}]` : address}:`;
    return {
      id: `exposure ${index}`,
      from: "outside",
      to: `isc ${member}`,
      port: `${port}/${protocol}`,
      begun: renderBegun({ begun }),
      start: `${host}${hostPort}`,
      networks: network === undefined ? [] : [network],
    };
  });
}
