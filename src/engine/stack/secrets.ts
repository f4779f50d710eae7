/** The secrets of stacks, in kernel memory: they outlive the dock, and reach no disk. A kernel without keyrings leaves them to the dock's own. */
import { hasErrorCode } from "../../host/kernel/libc.ts";
import type { Kernel } from "../../host/kernel.ts";
import { type DockIdentity, tableName } from "../../model/identity.ts";
import type { Name } from "../../model/name.ts";

export class Secrets {
  readonly #keyring: Kernel["keyring"];
  readonly #dock: DockIdentity;
  readonly #own = new Map<string, Buffer>();

  constructor(keyring: Kernel["keyring"], dock: DockIdentity) {
    this.#keyring = keyring;
    this.#dock = dock;
  }

  /** Throws KernelError: EDQUOT where root has too many keys. */
  keep(stack: Name, secret: Name, bytes: Buffer): void {
    const name = this.#nameOf(stack, secret);
    this.#withKeyring(
      () => this.#keyring.keepSecret(name, bytes),
      () => void this.#own.set(name, Buffer.from(bytes)),
    );
  }

  /** A copy, which the caller overwrites with zeros when it is done. Undefined after a boot, until it is given again. */
  find(stack: Name, secret: Name): Buffer | undefined {
    const name = this.#nameOf(stack, secret);
    return this.#withKeyring(
      () => this.#keyring.findSecret(name),
      () => {
        const own = this.#own.get(name);
        return own && Buffer.from(own);
      },
    );
  }

  /** Safe to repeat. */
  forget(stack: Name, secret: Name): void {
    const name = this.#nameOf(stack, secret);
    this.#withKeyring(
      () => this.#keyring.forgetSecret(name),
      () => {
        this.#own.get(name)?.fill(0);
        this.#own.delete(name);
      },
    );
  }

  #nameOf(stack: Name, secret: Name): string {
    return `${tableName(this.#dock)}:${stack}:${secret}`;
  }

  #withKeyring<T>(work: () => T, otherwise: () => T): T {
    try {
      return work();
    } catch (error) {
      // EPERM and EACCES: inside a container whose filter leaves no keyrings.
      if (hasErrorCode(error, "ENOSYS", "EPERM", "EACCES", "EOPNOTSUPP")) return otherwise();
      throw error;
    }
  }
}
