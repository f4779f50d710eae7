/**
 * The frames of a terminal session, after `GET /v1/terminal` was answered with 101: one byte kind, four bytes length
 * (big-endian), payload. Client to dock: stdin, stdin-end, resize. Dock to client: stdout, stderr, and last exit or problem.
 */

/** A frame's kind is its index here; the order is part of the protocol. */
export const frameKinds = ["stdin", "stdout", "stderr", "resize", "exit", "stdin-end", "problem"] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

const headerBytes = 5;
/** A peer that announces more is broken or hostile: nobody should hold that much for it. */
export const maxPayloadBytes = 1_048_576;

/** One frame ready to be written. A payload beyond `maxPayloadBytes` is a mistake of the caller: cut streams into chunks. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  if (payload.length > maxPayloadBytes) throw new RangeError(`a frame of ${payload.length} bytes is longer than ${maxPayloadBytes}`);
  const frame = new Uint8Array(headerBytes + payload.length);
  frame[0] = frameKinds.indexOf(kind);
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, headerBytes);
  return frame;
}

export function encodeJsonFrame(kind: "resize" | "exit" | "problem", value: unknown): Uint8Array {
  return encodeFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

/** The JSON in a frame; undefined when it holds none. */
export function parseJsonFrame({ payload }: Frame): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/** Cuts a byte stream, in whatever chunks it comes, back into frames. */
export class FrameDecoder {
  #rest = new Uint8Array(0);

  /** Every frame that is complete with this chunk. Throws RangeError when the stream cannot be one of frames. */
  push(chunk: Uint8Array): Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : concatenate(this.#rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let position = 0;
    while (bytes.length - position >= headerBytes) {
      const { kind, lengthBytes } = readHeader(view, position);
      const end = position + headerBytes + lengthBytes;
      if (bytes.length < end) break;
      frames.push({ kind, payload: bytes.slice(position + headerBytes, end) });
      position = end;
    }
    this.#rest = bytes.slice(position);
    return frames;
  }

  /** Whether the stream broke off inside a frame. */
  get isIncomplete(): boolean {
    return this.#rest.length > 0;
  }
}

function readHeader(view: DataView, position: number): { kind: FrameKind; lengthBytes: number } {
  const kind = frameKinds[view.getUint8(position)];
  const lengthBytes = view.getUint32(position + 1);
  if (kind === undefined) throw new RangeError(`no frame begins with byte ${view.getUint8(position)}`);
  if (lengthBytes > maxPayloadBytes) throw new RangeError(`a frame of ${lengthBytes} bytes is longer than ${maxPayloadBytes}`);
  return { kind, lengthBytes };
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
