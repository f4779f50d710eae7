/** `npm run quickstart`: seals nginx from Debian packages, runs it as an ISC, gets a page through the firewall, verifies it, and says what it did. */
import { spawnSync } from "node:child_process";
import { get } from "node:http";
import { fileURLToPath } from "node:url";

const iscadm = fileURLToPath(new URL("../bin/iscadm", import.meta.url));
const blueprint = fileURLToPath(new URL("../blueprints/nginx/nginx.yaml", import.meta.url));
const name = "web";
const port = 8080;

say(`Sealing nginx from Debian packages, as ${relative(blueprint)} says`);
run(["build", blueprint]);

say(`Running it as the ISC ${name}`);
const listed = JSON.parse(run(["ls", "--json"], "quiet")) as { readonly iscs: readonly { readonly name: string }[] };
if (listed.iscs.some((isc) => isc.name === name)) {
  process.stdout.write(`There is one from before: it is destroyed first.\n`);
  run(["destroy", name, "--yes"]);
}
run(["create", name, "web"]);
run(["start", name]);
run(["ls"]);

say(`Getting a page through the firewall, http://127.0.0.1:${port}/`);
const page = await fetchPage(`http://127.0.0.1:${port}/`);
process.stdout.write(`HTTP ${page.status}, ${page.body.length} bytes: ${/<title>(.*?)<\/title>/.exec(page.body)?.[1] ?? "no title"}\n`);
if (page.status !== 200) process.exit(1);

say("Verifying every promise on the running thing");
run(["verify", name, "--full"]);

say("Done");
process.stdout.write(
  [
    `${name} runs sealed and locked down; http://localhost:${port}/ shows its page.`,
    "Look around:  bin/iscadm show web   bin/iscadm exec web -- id   bin/iscadm logs web   bin/iscadm reset web",
    "Take it away: bin/iscadm destroy web && bin/iscadm dock stop",
    "",
  ].join("\n"),
);

function say(text: string): void {
  process.stdout.write(`\n== ${text}\n`);
}

/** Ends with the command's own exit code when it fails: it has said why. */
function run(commandLine: readonly string[], output: "shown" | "quiet" = "shown"): string {
  if (output === "shown") process.stdout.write(`$ iscadm ${commandLine.map(relative).join(" ")}\n`);
  const result = spawnSync(iscadm, commandLine, {
    stdio: ["ignore", output === "shown" ? "inherit" : "pipe", "inherit"],
    encoding: "utf8",
  });
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result.stdout ?? "";
}

function relative(file: string): string {
  return file === blueprint ? "blueprints/nginx/nginx.yaml" : file;
}

function fetchPage(url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 5_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer from ${url} within 5 s`)));
    request.on("error", reject);
  });
}
