/** A response declaration as an operator would have written it. Parsing it gives the same one back. Pure. */
import { renderDuration } from "../base/duration.ts";
import type { ResponseDeclaration, ResponseRule } from "../model/respond.ts";

export function renderRespond({ mode, cooldownMs, ladder, rules }: ResponseDeclaration): object {
  const budgets = Object.entries(ladder ?? {}).map(([action, { times, perMs }]) => [action, { times, per: renderDuration(perMs) }]);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(cooldownMs === undefined ? {} : { cooldown: renderDuration(cooldownMs) }),
    ...(ladder === undefined ? {} : { ladder: Object.fromEntries(budgets) }),
    rules: rules.map(renderRule),
  };
}

function renderRule({ rows, perMs, action, ...same }: ResponseRule): object {
  return { ...same, ...(rows === undefined ? {} : { row: rows }), per: renderDuration(perMs), do: action };
}
