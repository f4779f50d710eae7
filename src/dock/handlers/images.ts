/** build and image-*: what fills and empties the image store. */
import path from "node:path";
import { readImageUsage, removeImage } from "../../engine/image-usage.ts";
import { prune } from "../../engine/prune.ts";
import { exportImage } from "../../engine/seal/export-image.ts";
import { importImage } from "../../engine/seal/import-image.ts";
import type { ImageSummary } from "../../model/image.ts";
import type { Dock } from "../dock.ts";
import { readBlueprint } from "../read-blueprint.ts";
import type { Handlers } from "../server.ts";
import { buildBlueprint } from "./rebuild.ts";

type ImageHandlers = Pick<
  Handlers,
  "build" | "images" | "image-show" | "image-verify" | "image-remove" | "image-prune" | "image-export" | "image-import"
>;

export function imageHandlers(dock: Dock): ImageHandlers {
  const { engine } = dock;
  const { host, layout, images } = engine;
  return {
    build: async ({ blueprint: file, noCache }, caller) => {
      const text = await readBlueprint(file);
      return buildBlueprint(dock, { text, file: path.basename(file), directory: path.dirname(file) }, caller, noCache);
    },
    images: async () => {
      const { usage } = await readImageUsage(engine);
      const stored = await images.store.list();
      return { images: await Promise.all(stored.map((image) => images.store.summarize(image, usage.get(image.manifest.digest) ?? []))) };
    },
    "image-show": async ({ image }) => {
      const stored = await images.store.find(image);
      const { digest } = stored.manifest;
      const summary: ImageSummary = await images.store.summarize(stored, (await readImageUsage(engine)).usage.get(digest) ?? []);
      const keyId = await images.findSigner(digest).catch(() => undefined);
      return { summary, manifest: stored.manifest, signatures: keyId === undefined ? [] : [{ keyId, trusted: true }] };
    },
    "image-verify": async ({ image }) => {
      const started = host.monotonic();
      const { manifest, keyId } = await images.verify(await images.resolve(image), { full: true });
      return { digest: manifest.digest, keyId, sizeBytes: manifest.sizeBytes, tookMs: Math.round(host.monotonic() - started) };
    },
    "image-remove": async ({ image }) => {
      const { manifest } = await images.store.find(image);
      const { digest, name, sizeBytes } = manifest;
      await engine.locks.run("*", async () => removeImage(engine, digest, await readImageUsage(engine)));
      return { digest, name, sizeBytes };
    },
    "image-prune": ({ olderThanMs, dryRun = false }, caller) =>
      prune(engine, { olderThanMs, dryRun, report: caller.progress.bind(caller), signal: caller.signal }),
    "image-export": async ({ image, file }) => {
      const manifest = await images.open(await images.resolve(image));
      await exportImage({ host, layout, digest: manifest.digest, file });
      return { digest: manifest.digest, name: manifest.name, sizeBytes: manifest.sizeBytes };
    },
    "image-import": async ({ file }) => {
      const { digest, name, sizeBytes } = (await importImage({ host, layout, file })).manifest;
      return { digest, name, sizeBytes };
    },
  };
}
