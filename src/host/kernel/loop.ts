/** Loop devices: a file as a block device. See loop(4). */
import { closeSync, constants, openSync, readdirSync, readFileSync } from "node:fs";
import { callIoctl, callLibc, hasErrorCode, ioctlNumber } from "./libc.ts";

const LOOP_CLR_FD = 0x4c01;
const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
const LO_FLAGS_DIRECT_IO = 16;
const BLKGETSIZE64 = ioctlNumber("read", 0x12, 114, 8);
const LOOP_MAJOR = 7;
const S_IFBLK = 0o060000;
/** Another process may take the free device first. */
const ATTEMPTS = 64;

export type LoopOptions = {
  readonly readOnly?: boolean;
  /** Detach when the last user has gone. Then mount before disposing of the answer, whose descriptor is the first user. */
  readonly autoclear?: boolean;
  /** Go around the page cache of the backing file, where its file system can. */
  readonly directIo?: boolean;
};

/** An attached device. Disposing closes our descriptor; the device stays unless it was made with `autoclear` and nobody uses it. */
export type LoopDevice = Disposable & {
  /** `/dev/loop7` */
  readonly device: string;
};

/** Attaches a file to the first free device, making its node when the system has not. Throws KernelError or the error of node:fs. */
export function attachLoop(filePath: string, options: LoopOptions = {}): LoopDevice {
  const mode = options.readOnly ? constants.O_RDONLY : constants.O_RDWR;
  const backing = openSync(filePath, mode);
  try {
    const config = renderLoopConfig(backing, filePath, options);
    for (let attempt = 1; ; attempt++) {
      const device = nextFreeDevice();
      const fd = openSync(device, mode);
      try {
        callIoctl(fd, LOOP_CONFIGURE, config, () => `attach ${filePath} to ${device}`);
        return { device, [Symbol.dispose]: closeOnce(fd) };
      } catch (error) {
        closeSync(fd);
        if (!hasErrorCode(error, "EBUSY") || attempt === ATTEMPTS) throw error;
      }
    }
  } finally {
    closeSync(backing);
  }
}

/** Frees the device; one still in use is freed when its last user goes. Safe to repeat. Throws KernelError or the error of node:fs. */
export function detachLoop(device: string): void {
  const fd = openSync(device, constants.O_RDONLY);
  try {
    callIoctl(fd, LOOP_CLR_FD, 0, () => `detach ${device}`);
  } catch (error) {
    if (!hasErrorCode(error, "ENXIO")) throw error;
  } finally {
    closeSync(fd);
  }
}

/** The devices that a file, by its absolute path, is attached to, such as `/dev/loop7`; the first of them. */
export function findLoopByFile(filePath: string): string | undefined {
  const name = readdirSync("/sys/block").find((block) => block.startsWith("loop") && readBackingFile(block) === filePath);
  return name && `/dev/${name}`;
}

/** The size of a block device in bytes. Throws KernelError or the error of node:fs. */
export function readDeviceSize(device: string): number {
  const fd = openSync(device, constants.O_RDONLY);
  try {
    const size = Buffer.alloc(8);
    callIoctl(fd, BLKGETSIZE64, size, () => `read size of ${device}`);
    return Number(size.readBigUInt64LE());
  } finally {
    closeSync(fd);
  }
}

/** struct loop_config { fd, block_size, struct loop_info64 info, reserved[8] } */
function renderLoopConfig(backing: number, filePath: string, options: LoopOptions): Buffer {
  const config = Buffer.alloc(304);
  const info = 8;
  config.writeUInt32LE(backing, 0);
  config.writeUInt32LE(
    (options.readOnly ? LO_FLAGS_READ_ONLY : 0) |
      (options.autoclear ? LO_FLAGS_AUTOCLEAR : 0) |
      (options.directIo ? LO_FLAGS_DIRECT_IO : 0),
    info + 52,
  );
  // lo_file_name[64], for people only: the kernel keeps the whole path itself
  config.write(filePath, info + 56, 63);
  return config;
}

function nextFreeDevice(): string {
  const control = openSync("/dev/loop-control", constants.O_RDWR);
  try {
    const number = callIoctl(control, LOOP_CTL_GET_FREE, 0, () => "find a free loop device");
    const device = `/dev/loop${number}`;
    makeNode(device, number);
    return device;
  } finally {
    closeSync(control);
  }
}

/** devtmpfs makes the node by itself; a container's plain /dev does not. */
function makeNode(device: string, number: number): void {
  // dev_t as glibc packs it: minor 0-7, major 8-19, the minor's further bits from 20 on
  const packed = (number & 0xff) | (LOOP_MAJOR << 8) | ((number & ~0xff) << 12);
  try {
    callLibc(
      "int mknod(const char *path, unsigned int mode, unsigned long device)",
      [device, S_IFBLK | 0o660, packed],
      () => `make ${device}`,
    );
  } catch (error) {
    if (!hasErrorCode(error, "EEXIST")) throw error;
  }
}

function readBackingFile(block: string): string | undefined {
  try {
    return readFileSync(`/sys/block/${block}/loop/backing_file`, "utf8").replace(/\n$/, "");
  } catch (error) {
    // A free device has no such file; one that is just being freed has no such device.
    if (hasErrorCode(error, "ENOENT", "ENXIO", "ENODEV")) return undefined;
    throw error;
  }
}

function closeOnce(fd: number): () => void {
  let open = true;
  return () => {
    if (open) closeSync(fd);
    open = false;
  };
}
