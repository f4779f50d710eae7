/** Pseudo-terminals. See pty(7), ioctl_tty(2). */
import { closeSync, constants, openSync } from "node:fs";
import { callIoctl } from "./libc.ts";

const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const TIOCSWINSZ = 0x5414;

/** Sizes in character cells. */
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** A new pseudo-terminal: the caller closes `masterFd` and opens `slavePath` where the program runs. Throws KernelError. */
export function openPty(size: TerminalSize): { readonly masterFd: number; readonly slavePath: string } {
  const masterFd = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  try {
    callIoctl(masterFd, TIOCSPTLCK, Buffer.alloc(4), () => "unlock pseudo-terminal");
    const number = Buffer.alloc(4);
    callIoctl(masterFd, TIOCGPTN, number, () => "name pseudo-terminal");
    resizePty(masterFd, size.columns, size.rows);
    return { masterFd, slavePath: `/dev/pts/${number.readUInt32LE()}` };
  } catch (error) {
    closeSync(masterFd);
    throw error;
  }
}

/** Sets the size; programs on the terminal get SIGWINCH. Throws KernelError. */
export function resizePty(masterFd: number, columns: number, rows: number): void {
  // struct winsize { ws_row, ws_col, ws_xpixel, ws_ypixel }
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  callIoctl(masterFd, TIOCSWINSZ, size, () => `resize pseudo-terminal to ${columns}x${rows}`);
}
