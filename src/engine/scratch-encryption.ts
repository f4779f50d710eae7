/** How scratch is encrypted. */

/** fscrypt hides contents and names; dm-crypt sizes, times and the shape of the tree as well. */
export type ScratchEncryption = "fscrypt" | "dm-crypt";
