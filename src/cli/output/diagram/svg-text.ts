/** SVG as text: escaped, with numbers that are the same on every machine. */

export type SvgAttributes = Readonly<Record<string, string | number | undefined>>;

/** Children are markup already; see svgText for words. */
export function svgElement(name: string, attributes: SvgAttributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeXml(numberOf(value))}"`],
  );
  const head = `<${name}${written.join("")}`;
  return children.length === 0 ? `${head}/>` : `${head}>${children.join("")}</${name}>`;
}

export function svgText(x: number, y: number, text: string, attributes: SvgAttributes = {}): string {
  return svgElement("text", { x, y, ...attributes }, escapeXml(text));
}

export function svgTitle(text: string): string {
  return svgElement("title", {}, escapeXml(text));
}

/** Control characters, which XML cannot hold at all, become spaces. */
export function escapeXml(text: string): string {
  const letters = text.replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, " ");
  return letters.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function numberOf(value: string | number): string {
  return typeof value === "string" ? value : String(Math.round(value * 100) / 100);
}

/** Estimates, since nothing here knows the reader's fonts: as wide as DejaVu, which is wider than most. */
export function widthOfSans(text: string, sizePx: number): number {
  return text.length * sizePx * 0.6;
}

export function widthOfBold(text: string, sizePx: number): number {
  return text.length * sizePx * 0.69;
}

export function widthOfMono(text: string, sizePx: number): number {
  return text.length * sizePx * 0.605;
}
