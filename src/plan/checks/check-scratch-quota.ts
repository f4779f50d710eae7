/** scratch.quota: neither scratch nor a volume can outgrow its declared size. */
import { renderSize } from "../../base/size.ts";
import { judge, pass, skip, whenRunning } from "./answer.ts";

export const checkScratchQuota = whenRunning(({ live }) => {
  if ("unseen" in live.scratch) return skip(live.scratch.unseen);
  const { space } = live.scratch.seen;
  if ("unseen" in space) return skip(space.unseen);
  const complaints = space.seen.flatMap(({ what, limitBytes, declaredBytes }) => {
    if (limitBytes === undefined) return [`${what} has no limit, declared is ${renderSize(declaredBytes)}`];
    return limitBytes > declaredBytes ? [`${what} can hold ${limitBytes} bytes, declared is ${renderSize(declaredBytes)}`] : [];
  });
  return judge(complaints, () =>
    pass(space.seen.map(({ what, declaredBytes }) => `${what} is within ${renderSize(declaredBytes)}`).join("; ")),
  );
});
