import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFailures, parseWrk } from "./wrk.ts";

const sound = `Running 2s test @ http://10.251.3.2:8000/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.13ms    2.01ms  25.09ms   92.42%
    Req/Sec    21.32k     3.11k   27.45k    71.43%
  44565 requests in 2.10s, 13.05MB read
Requests/sec:  21222.02
Transfer/sec:      6.21MB
`;

test("the rate is read from wrk's summary", () => {
  assert.equal(parseWrk(sound), 21_222.02);
});

test("a rate with failed requests is refused", () => {
  const faulty = sound.replace("Requests/sec", "  Socket errors: connect 0, read 12, write 0, timeout 3\nRequests/sec");
  assert.throws(() => parseWrk(faulty), /Socket errors: connect 0, read 12/);
  assert.throws(
    () => parseWrk(sound.replace("Requests/sec", "  Non-2xx or 3xx responses: 7\nRequests/sec")),
    /Non-2xx or 3xx responses: 7/,
  );
});

test("failures of every kind are counted together", () => {
  assert.deepEqual(parseFailures(sound), { requests: 44_565, failed: 0, words: "" });
  const faulty = sound.replace(
    "Requests/sec",
    "  Socket errors: connect 1, read 12, write 0, timeout 3\n  Non-2xx or 3xx responses: 7\nRequests/sec",
  );
  assert.equal(parseFailures(faulty).failed, 23);
});

test("no request at all is no measurement", () => {
  assert.throws(() => parseWrk("unable to connect to 10.0.0.1:80 Connection refused\n"), /made no request/);
});
