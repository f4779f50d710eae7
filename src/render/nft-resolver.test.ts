import assert from "node:assert/strict";
import { test } from "node:test";
import { renderResolverRuleset } from "./nft-resolver.ts";

test("the resolver's network is closed in every direction but for questions and their answers", () => {
  const rules = renderResolverRuleset();
  assert.deepEqual(rules.match(/hook \w+ priority filter; policy \w+/g), [
    "hook input priority filter; policy drop",
    "hook forward priority filter; policy drop",
    "hook output priority filter; policy drop",
  ]);
  assert.deepEqual(rules.match(/[ds]port \d+/g), ["dport 53", "sport 53", "sport 53"]);
});
