import assert from "node:assert/strict";
import { test } from "node:test";
import { copyArguments, isImageReference, isLoopbackRegistry } from "./skopeo.ts";

test("only references of images that can be copied without a container engine are taken", () => {
  for (const reference of ["docker://r/a:1", "oci:/d", "oci:/d:tag", "oci-archive:/f.tar", "docker-archive:/f.tar"])
    assert.ok(isImageReference(reference));
  for (const reference of ["", "--help", "docker-daemon:a:1", "containers-storage:a", "oci:", "oci:/a b", "dir:/d"])
    assert.ok(!isImageReference(reference));
});

test("plain HTTP is for registries on the loopback address alone", () => {
  for (const host of ["127.0.0.1:5000", "127.1.2.3", "localhost:5000", "[::1]:5000"]) assert.ok(isLoopbackRegistry(`docker://${host}/a`));
  for (const host of ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1:5000", "example.org/127.0.0.1"]) {
    assert.ok(!isLoopbackRegistry(`docker://${host}/a`));
    assert.ok(!copyArguments({ reference: `docker://${host}/a`, policyFile: "/p" }, "/l").includes("--src-tls-verify=false"));
  }
});

test("an image is copied under the policy into one layout", () => {
  assert.deepEqual(copyArguments({ reference: "docker://localhost/a", policyFile: "/p.json" }, "/work/layout"), [
    "--policy",
    "/p.json",
    "copy",
    "--retry-times",
    "2",
    "--remove-signatures",
    "--src-tls-verify=false",
    "--",
    "docker://localhost/a",
    "oci:/work/layout:isc",
  ]);
});
