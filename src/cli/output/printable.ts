/** Text from inside an ISC (paths, a program's last words) may hold terminal commands; shown to an operator it must be letters only. */

/** Control characters become visible escapes, such as \x1b; line ends too. Colours are to be put on afterwards. */
export function renderPrintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (letter) => {
    const digits = letter.charCodeAt(0).toString(16);
    return digits.length > 2 ? `\\u${digits.padStart(4, "0")}` : `\\x${digits.padStart(2, "0")}`;
  });
}
