import assert from "node:assert/strict";
import { test } from "node:test";
import { parseListeners } from "./socket-table.ts";

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 19000 1 0000000000000000 100 0 0 10 0
   1: 0100007F:A3F2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 19001 1 0000000000000000 20 4 30 10 -1
`;

test("only sockets that listen count", () => {
  assert.deepEqual(parseListeners(tcp, "tcp"), [8080]);
});

test("a bound udp socket without a peer counts as listening", () => {
  const udp = tcp.replace(" 0A ", " 07 ");
  assert.deepEqual(parseListeners(udp, "udp"), [8080]);
  assert.deepEqual(parseListeners("", "udp"), []);
});
