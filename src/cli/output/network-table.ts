/** A stack's networks as tables: networks, ISCs by interface, flows, exposures. */
import { renderRoundedSize } from "../../base/size.ts";
import type { StackIscView, StackView } from "../../model/stack-view.ts";
import { describeLimits } from "../../model/stack-words.ts";
import type { Palette } from "./palette.ts";
import { conditionOf, renderFlowTarget, renderNumber, renderStackState, renderUplink } from "./stack-words.ts";
import { renderRows, renderStatus } from "./table.ts";
import { renderExposure } from "./words.ts";

export function renderNetworks(stack: StackView, palette: Palette): string {
  const head = `${palette.strong(stack.name)}  ${renderStackState(stack)}`;
  const tables = [
    renderRanges(stack, palette),
    renderIscs(stack, palette),
    renderServices(stack, palette),
    renderFlows(stack, palette),
    renderExposed(stack, palette),
  ];
  const limits = renderLimits(stack, palette);
  return [head, ...tables, ...(limits === undefined ? [] : [limits])].join("\n\n");
}

function renderRanges({ networks, iscs }: StackView, palette: Palette): string {
  const rows = networks.map(({ name, subnet, subnet6, mtu, uplink }) => [
    palette.strong(name),
    subnet,
    subnet6,
    String(mtu),
    renderUplink(uplink),
    String(iscs.filter(({ interfaces }) => interfaces.some(({ network }) => network === name)).length),
  ]);
  return renderRows(["NETWORK", "IPV4", "IPV6", ">MTU", "UPLINK", ">ISCS"], rows, palette);
}

/** A row for each interface; what counts for the whole ISC stands in its first. */
function renderIscs({ iscs }: StackView, palette: Palette): string {
  const rows = iscs.flatMap((isc) => {
    const [first, ...others] = isc.interfaces.map(({ network, link, address, address6 }) => [network, address, address6, link]);
    const own = [palette.strong(isc.name), renderState(isc, palette)];
    return [[...own, ...(first ?? ["", "", "", ""]), ...renderUse(isc)], ...others.map((cells) => ["", "", ...cells])];
  });
  return renderRows(["ISC", "STATUS", "NETWORK", "IPV4", "IPV6", "LINK", ">SENT", ">RECEIVED", ">OPEN", ">LIMITED"], rows, palette);
}

/** Where names lead: what a person connects to, too. */
function renderServices({ services }: StackView, palette: Palette): string {
  const rows = services.map(({ name, address, address6, iscs }) => [
    palette.strong(name),
    address,
    address6,
    iscs.length === 0 ? palette.warning("nobody") : iscs.join(", "),
  ]);
  return renderRows(["SERVICE", "IPV4", "IPV6", "ANSWERS"], rows, palette);
}

function renderState(isc: StackIscView, palette: Palette): string {
  const ill = conditionOf(isc) === "ill" ? `, ${palette.bad("ill")}` : "";
  const idle = isc.status === "running" && !isc.serving ? `, ${palette.warning("not serving")}` : "";
  return renderStatus(isc.status, palette) + ill + idle;
}

function renderUse({ traffic, connections }: StackIscView): string[] {
  if (traffic === undefined) return [];
  return [
    renderRoundedSize(traffic.sentBytes),
    renderRoundedSize(traffic.receivedBytes),
    connections === undefined ? "" : renderNumber(connections),
    renderNumber(traffic.limitedPackets),
  ];
}

function renderFlows({ flows }: StackView, palette: Palette): string {
  if (flows.length === 0) return palette.faint("nothing may flow between its ISCs or out of them");
  const rows = flows.map((flow) => [
    palette.strong(flow.from),
    palette.strong(renderFlowTarget(flow)),
    `${flow.port}/${flow.protocol}`,
    flow.networks.join(", "),
    renderNumber(flow.begun),
    renderNumber(flow.limited),
    flow.limits ? describeLimits(flow.limits) : "",
  ]);
  return renderRows(["FROM", "TO", "PORT", "NETWORKS", ">BEGUN", ">REFUSED", "LIMITS, OF EACH ISC"], rows, palette);
}

/** Of whole ISCs; what they refused stands beside each. */
function renderLimits({ iscs }: StackView, palette: Palette): string | undefined {
  const limited = iscs.flatMap(({ member, limits }) => (limits ? [[member, limits] as const] : []));
  const rows = [...new Map(limited)].map(([member, limits]) => [palette.strong(member), describeLimits(limits)]);
  return rows.length === 0 ? undefined : renderRows(["MEMBER", "LIMITS, OF EACH ISC AND NETWORK"], rows, palette);
}

function renderExposed({ exposures }: StackView, palette: Palette): string {
  if (exposures.length === 0) return palette.faint("nothing is exposed to the outside");
  const rows = exposures.map((exposure) => [renderExposure(exposure), palette.strong(exposure.member), renderNumber(exposure.begun)]);
  return renderRows(["EXPOSED", "TO", ">BEGUN"], rows, palette);
}
