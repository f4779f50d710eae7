/** umoci: unpacks the layers of an image in an OCI layout, white-outs and all. See umoci-raw-unpack(1). */

/** For `runConfined`: paths are relative to the working directory. The tree must not be there yet. */
export function unpackArguments(layout: string, tag: string, tree: string): readonly string[] {
  return ["raw", "unpack", "--image", `${layout}:${tag}`, tree];
}
