import assert from "node:assert/strict";
import { test } from "node:test";
import { adaptAptSources } from "./apt-sources.ts";

const deb822 = {
  name: "/etc/apt/sources.list.d/debian.sources",
  text: `# the archive
Types: deb deb-src
# a mirror
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.test/
Suites: bookworm
Components: main
`,
};
const oneLine = {
  name: "/etc/apt/sources.list",
  text: "deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib # ours\n# deb http://commented.test x main\ndeb-src http://mirror.test/debian bookworm main\n",
};
const stranger = { name: "/etc/apt/sources.list.d/vendor.list", text: "deb http://vendor.test/apt stable main\n" };

test("the machine's own suite keeps all sources, strangers' too, but none that is off or only holds sources", () => {
  const text = adaptAptSources([oneLine, deb822, stranger], "bookworm", "bookworm");
  assert.match(text, /uris: http:\/\/mirror.test\/debian\nsuites: bookworm\ncomponents: main contrib\nsigned-by: \/k.gpg/);
  assert.match(text, /suites: bookworm bookworm-updates/);
  assert.match(text, /vendor.test/);
  assert.doesNotMatch(text, /off.test|commented.test/);
  assert.equal(text.match(/types: deb$/gm)?.length, 4);
});

test("another suite takes the machine's place in its sources, and strangers stay out", () => {
  const text = adaptAptSources([oneLine, deb822, stranger], "bookworm", "trixie");
  assert.match(text, /suites: trixie trixie-updates/);
  assert.match(text, /suites: trixie-security/);
  assert.doesNotMatch(text, /bookworm|vendor.test/);
});

test("a rolling suite has no updates and no security archive", () => {
  const text = adaptAptSources([deb822], "bookworm", "sid");
  assert.deepEqual(text.match(/suites: .*/g), ["suites: sid"]);
});

test("a key inside the file stays whole", () => {
  assert.match(adaptAptSources([deb822], "bookworm", "bookworm"), /signed-by: ?\n -----BEGIN[^\n]*\n \.\n abc\n -----END/);
});

test("a machine without a fitting source has none", () => {
  assert.equal(adaptAptSources([stranger], "noble", "bookworm"), "");
  assert.equal(adaptAptSources([], "", "bookworm"), "");
});
