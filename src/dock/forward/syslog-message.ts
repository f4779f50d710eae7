/** An event as a syslog message: RFC 5424, with what is known of it as structured data. Pure. */
import { hostname } from "node:os";
import type { Event, Severity } from "../../model/event.ts";

/** Facility 13, "log audit"; section 6.2.1. */
const facility = 13;
const levels: Readonly<Record<Severity, number>> = { critical: 2, alert: 1, warning: 4, notice: 5, info: 6 };
/** IANA's number for examples and documentation (RFC 5612): this project has none of its own. */
const structuredDataId = "isc@32473";

export function renderSyslog(event: Event, host: string = hostname()): string {
  const priority = facility * 8 + levels[event.severity];
  const header = `<${priority}>1 ${event.time} ${headerField(host, 255)} iscadm ${process.pid} ${headerField(event.kind, 32)}`;
  return `${header} ${renderData(event)} \uFEFF${event.message.replaceAll(/\p{Cc}/gu, " ")}`;
}

/** Printable ASCII without spaces. */
function headerField(text: string, longest: number): string {
  return text.replaceAll(/[^!-~]/g, "_").slice(0, longest) || "-";
}

function renderData({ seq, isc, image, sensor, severity, technique, facts }: Event): string {
  const named = { seq, sensor, severity, isc, image, technique };
  const given = Object.entries({ ...facts, ...named }).filter(([, value]) => value !== undefined);
  return `[${[structuredDataId, ...given.map(([name, value]) => `${parameterName(name)}="${escapeValue(String(value))}"`)].join(" ")}]`;
}

/** Section 6.3.3: no `=`, space, `]` or `"`. */
function parameterName(name: string): string {
  return name.replaceAll(/[^!-~]|[="\]]/g, "_").slice(0, 32);
}

/** Section 6.3.3: these three are escaped. */
function escapeValue(value: string): string {
  return value.replaceAll(/["\\\]]/g, (letter) => `\\${letter}`);
}
