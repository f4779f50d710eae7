/** File system encryption whose keys live in kernel memory only. See fscrypt in the kernel's documentation, linux/fscrypt.h. */
import { closeSync, constants, openSync } from "node:fs";
import { callIoctl, hasErrorCode, ioctlNumber } from "./libc.ts";

const FS_IOC_SET_ENCRYPTION_POLICY = ioctlNumber("read", 0x66, 19, 12);
const FS_IOC_GET_ENCRYPTION_POLICY_EX = ioctlNumber("both", 0x66, 22, 9);
const FS_IOC_ADD_ENCRYPTION_KEY = ioctlNumber("both", 0x66, 23, 80);
const FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS = ioctlNumber("both", 0x66, 25, 64);
const FS_IOC_GET_ENCRYPTION_KEY_STATUS = ioctlNumber("both", 0x66, 26, 128);

const KEY_SPEC_TYPE_IDENTIFIER = 2;
const POLICY_V2 = 2;
const POLICY_V2_BYTES = 24;
const MODE_AES_256_XTS = 1;
const MODE_AES_256_CTS = 4;
const PAD_32 = 3;
const IDENTIFIER_BYTES = 16;
/** struct fscrypt_key_specifier: type, reserved, then a union of 32 bytes */
const SPECIFIER_BYTES = 40;
const ADD_KEY_BYTES = 80;
const RAW_KEY_BYTES = 64;

export type EncryptionPolicy = {
  readonly version: number;
  readonly contentsMode: number;
  readonly namesMode: number;
  /** Hexadecimal, 32 digits; 16 digits for the old version 1 policies. */
  readonly keyIdentifier: string;
};

/** `incompletely-removed`: the key is gone but files opened before still show their contents. */
export type KeyStatus = "absent" | "present" | "incompletely-removed";

/**
 * Gives a 64-byte key to the file system mounted at a path; answers its identifier (32 hexadecimal digits).
 * The key is overwritten with zeros, also when it is refused. Safe to repeat.
 * Throws KernelError: EOPNOTSUPP when the file system has no encryption (ext4: feature `encrypt`), ENOTTY when it never can.
 */
export function addEncryptionKey(mountPoint: string, rawKey: Buffer): string {
  const argument = Buffer.alloc(ADD_KEY_BYTES + RAW_KEY_BYTES);
  try {
    if (rawKey.length !== RAW_KEY_BYTES) throw new RangeError(`an encryption key has ${RAW_KEY_BYTES} bytes, not ${rawKey.length}`);
    argument.writeUInt32LE(KEY_SPEC_TYPE_IDENTIFIER, 0);
    argument.writeUInt32LE(rawKey.length, SPECIFIER_BYTES);
    rawKey.copy(argument, ADD_KEY_BYTES);
    onDirectory(mountPoint, (fd) => callIoctl(fd, FS_IOC_ADD_ENCRYPTION_KEY, argument, () => `add encryption key to ${mountPoint}`));
    return argument.toString("hex", 8, 8 + IDENTIFIER_BYTES);
  } finally {
    argument.fill(0);
    rawKey.fill(0);
  }
}

/**
 * Encrypts everything to be made in an empty folder: AES-256-XTS contents, AES-256-CTS names padded to 32 bytes. Safe to repeat.
 * Throws KernelError: ENOTEMPTY, EEXIST (another policy), ENOKEY (the key is not there), EOPNOTSUPP.
 */
export function setEncryptionPolicy(directory: string, keyIdentifier: string): void {
  const policy = Buffer.alloc(POLICY_V2_BYTES);
  policy.set([POLICY_V2, MODE_AES_256_XTS, MODE_AES_256_CTS, PAD_32]);
  identifierBytes(keyIdentifier).copy(policy, 8);
  onDirectory(directory, (fd) => callIoctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, policy, () => `encrypt ${directory}`));
}

/** Undefined for a folder or file that is not encrypted, or whose file system knows no encryption. Throws KernelError. */
export function readEncryptionPolicy(path: string): EncryptionPolicy | undefined {
  const argument = Buffer.alloc(8 + POLICY_V2_BYTES);
  argument.writeBigUInt64LE(BigInt(POLICY_V2_BYTES));
  try {
    onPath(path, constants.O_RDONLY | constants.O_NONBLOCK, (fd) =>
      callIoctl(fd, FS_IOC_GET_ENCRYPTION_POLICY_EX, argument, () => `read encryption policy of ${path}`),
    );
  } catch (error) {
    if (hasErrorCode(error, "ENODATA", "EOPNOTSUPP", "ENOTTY")) return undefined;
    throw error;
  }
  const policy = argument.subarray(8);
  const version = policy.readUInt8(0);
  return {
    version,
    contentsMode: policy.readUInt8(1),
    namesMode: policy.readUInt8(2),
    keyIdentifier: version === POLICY_V2 ? policy.toString("hex", 8, 24) : policy.toString("hex", 4, 12),
  };
}

/**
 * Takes a key out of the kernel, for every user; its files turn unreadable. Safe to repeat.
 * Answers `incompletely-removed` when files are still open: close them and call again. Throws KernelError.
 */
export function removeEncryptionKey(mountPoint: string, keyIdentifier: string): KeyStatus {
  const argument = Buffer.alloc(64);
  specify(argument, keyIdentifier);
  try {
    onDirectory(mountPoint, (fd) =>
      callIoctl(fd, FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS, argument, () => `remove encryption key from ${mountPoint}`),
    );
  } catch (error) {
    if (hasErrorCode(error, "ENOKEY")) return "absent";
    throw error;
  }
  const filesBusy = (argument.readUInt32LE(SPECIFIER_BYTES) & 1) !== 0;
  return filesBusy ? "incompletely-removed" : "absent";
}

/** Throws KernelError. */
export function readEncryptionKeyStatus(mountPoint: string, keyIdentifier: string): KeyStatus {
  const argument = Buffer.alloc(128);
  specify(argument, keyIdentifier);
  onDirectory(mountPoint, (fd) => callIoctl(fd, FS_IOC_GET_ENCRYPTION_KEY_STATUS, argument, () => `read encryption key of ${mountPoint}`));
  const status = argument.readUInt32LE(64);
  const known: Readonly<Record<number, KeyStatus>> = { 1: "absent", 2: "present", 3: "incompletely-removed" };
  const name = known[status];
  if (!name) throw new Error(`cannot read encryption key of ${mountPoint}: unknown status ${status}`);
  return name;
}

function specify(argument: Buffer, keyIdentifier: string): void {
  argument.writeUInt32LE(KEY_SPEC_TYPE_IDENTIFIER, 0);
  identifierBytes(keyIdentifier).copy(argument, 8);
}

function identifierBytes(keyIdentifier: string): Buffer {
  const bytes = Buffer.from(keyIdentifier, "hex");
  if (bytes.length !== IDENTIFIER_BYTES) throw new RangeError(`an encryption key identifier has 32 hexadecimal digits: ${keyIdentifier}`);
  return bytes;
}

function onDirectory(path: string, run: (fd: number) => void): void {
  onPath(path, constants.O_RDONLY | constants.O_DIRECTORY, run);
}

function onPath(path: string, flags: number, run: (fd: number) => void): void {
  const fd = openSync(path, flags);
  try {
    run(fd);
  } finally {
    closeSync(fd);
  }
}
