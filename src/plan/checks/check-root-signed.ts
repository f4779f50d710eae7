/** root.signed: the image's manifest carries a valid signature by a trusted key. */
import { type Answer, fail, pass } from "./answer.ts";
import type { IscFacts } from "./facts.ts";

export function checkRootSigned({ image }: IscFacts): Answer {
  const { signature } = image;
  if ("broken" in signature) return fail(signature.broken);
  return pass(`provenance.dsse.json: signed by the trusted key ${signature.keyId.slice(0, 16)}`);
}
