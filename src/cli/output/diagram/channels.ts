/** Between two columns: each network is a strip from top to bottom, and a flow takes its turn within the strip of its network. */
import type { Segment } from "./columns.ts";
import type { Metrics } from "./metrics.ts";
import type { Rows } from "./place-rows.ts";

export interface Strip {
  readonly network: string;
  readonly x: number;
  readonly width: number;
  /** Where the flows that use it are marked. */
  readonly dotX: number;
}

export interface Channel {
  readonly x: number;
  readonly width: number;
  readonly strips: readonly Strip[];
  /** Where a segment that is not straight turns. */
  readonly turns: ReadonlyMap<Segment, number>;
  /** Left edge of all labels. */
  readonly labelX: number;
}

export interface ChannelSite {
  readonly x: number;
  readonly segments: readonly Segment[];
  readonly rows: Rows;
  readonly networks: readonly string[];
  readonly metrics: Metrics;
}

/** Segments that end at a box carry their line's label and are marked on its networks. */
export function isLabelled({ right }: Segment): boolean {
  return right.box !== undefined;
}

export function placeChannel({ x, segments, rows, networks, metrics }: ChannelSite): Channel {
  const { padding, arrowWidth, trackWidth } = metrics;
  const used = networks.filter((network) => segments.some((segment) => isLabelled(segment) && segment.line.networks.includes(network)));
  const turning = segments.filter((segment) => rows.leftEnds.get(segment) !== rows.rightEnds.get(segment));
  const turns = new Map<Segment, number>();
  let edge = x + padding + (segments.some(({ isReversed }) => isReversed) ? arrowWidth : 0);
  const addTracks = (lane: readonly Segment[]) => {
    const tracks = assignTracks(lane, rows);
    for (const [segment, track] of tracks) turns.set(segment, edge + track * trackWidth);
    return (Math.max(-1, ...tracks.values()) + 1) * trackWidth;
  };
  const lanes = Map.groupBy(turning, (segment) =>
    isLabelled(segment) ? used.find((name) => segment.line.networks.includes(name)) : undefined,
  );
  const plainWidth = addTracks(lanes.get(undefined) ?? []);
  edge += plainWidth === 0 ? 0 : plainWidth + padding;
  const strips = used.map((network): Strip => {
    const left = edge;
    edge += trackWidth;
    const width = Math.max(metrics.stripWidth(network), trackWidth + addTracks(lanes.get(network) ?? []) + trackWidth);
    edge = left + width + padding;
    return { network, x: left, width, dotX: left + width - trackWidth };
  });
  const labels = segments.filter(isLabelled).map(({ line, isReversed }) => metrics.labelWidth(line, isReversed));
  const width = edge - x + Math.max(0, ...labels) + arrowWidth + padding;
  return { x, width, strips, turns, labelX: edge };
}

/**
 * Lines whose turns overlap run side by side. Those that lead down turn the earlier the lower they come from, those
 * that lead up the earlier the higher: so lines of one direction do not cross.
 */
function assignTracks(lane: readonly Segment[], rows: Rows): Map<Segment, number> {
  const spans = lane.map((segment) => {
    const [from, to] = [rows.leftEnds.get(segment) ?? 0, rows.rightEnds.get(segment) ?? 0];
    return { segment, low: Math.min(from, to), high: Math.max(from, to), isDown: to > from, from };
  });
  const ups = spans.filter(({ isDown }) => !isDown).toSorted((first, second) => first.from - second.from);
  const downs = spans.filter(({ isDown }) => isDown).toSorted((first, second) => second.from - first.from);
  const tracks = new Map<Segment, number>();
  const placed: typeof spans = [];
  for (const span of [...ups, ...downs]) {
    const beside = placed.filter(({ low, high }) => low <= span.high + 1 && span.low <= high + 1);
    tracks.set(span.segment, Math.max(-1, ...beside.map(({ segment }) => tracks.get(segment) ?? 0)) + 1);
    placed.push(span);
  }
  return tracks;
}
