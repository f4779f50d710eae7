/** How the picture looks: calm on a screen, and readable in black and white, where shapes and hatching tell what colours do. */

/** Pixels of one row of the layout. */
export const rowPx = 8;
export const sizes = { title: 22, heading: 12, box: 13, isc: 11, small: 10 } as const;

export const ink = "#27313b";
export const faintInk = "#5d6a76";

/** For networks in their order, again from the start after the last. */
const inks = ["#2f5f8f", "#2f7a5b", "#8a5a12", "#7b4a93", "#a2404f", "#3d6d78"] as const;
const tints = ["#edf3f9", "#ebf5f0", "#f8f2e6", "#f4eef8", "#faeef0", "#ebf3f5"] as const;

export function inkOf(network: string | undefined, networks: readonly string[]): string {
  return pick(inks, networks.indexOf(network ?? "")) ?? ink;
}

export function tintOf(network: string, networks: readonly string[]): string {
  return pick(tints, networks.indexOf(network)) ?? "#f2f2f2";
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return index < 0 ? undefined : list[index % list.length];
}

export const styleSheet = `
text { font-family: "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; fill: ${ink}; }
.mono { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.bold { font-weight: 600; }
.faint { fill: ${faintInk}; }
.title { font-size: ${sizes.title}px; }
.heading { font-size: ${sizes.heading}px; }
.box { font-size: ${sizes.box}px; }
.isc { font-size: ${sizes.isc}px; }
.small { font-size: ${sizes.small}px; }
.line { fill: none; stroke-width: 1.4; stroke-linejoin: round; }
`;

/** Hatching says: nothing runs here. */
export const definitions = `<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#c9d0d6" stroke-width="1.6"/></pattern></defs>`;
